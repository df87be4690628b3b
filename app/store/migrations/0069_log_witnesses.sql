-- +goose Up
-- What witnesses signed of the public log: each line says that one of them saw it grow
-- up to this size, and never shrink or change.
CREATE TABLE log_cosignatures (
  size BIGINT NOT NULL, -- of the checkpoint
  witness TEXT NOT NULL, -- its name and key id
  at {{TIME}} NOT NULL, -- by its own clock
  line TEXT NOT NULL, -- as it follows the checkpoint
  PRIMARY KEY (size, witness)
);
CREATE INDEX log_cosignatures_witness ON log_cosignatures (witness, size);

-- The checkpoint that stood at a time, for what was printed then.
CREATE INDEX log_heads_at ON log_heads (at, size);
