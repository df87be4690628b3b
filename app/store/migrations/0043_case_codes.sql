-- +goose Up
-- That a sender replaced the code that staff had seen when they wrote the case down.
CREATE TABLE case_codes (
  case_id BIGINT PRIMARY KEY REFERENCES cases (id),
  changed_at {{TIME}} NOT NULL
);
