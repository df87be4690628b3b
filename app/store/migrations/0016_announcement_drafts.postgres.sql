-- +goose Up
-- What each announcement names, with or without a sentence about it: a problem,
-- or a part of one. Before this it was kept only where there was a sentence;
-- what has none is laid to the oldest announcement that can have named it.
CREATE TABLE namings (
  id {{ID}},
  announcement_id BIGINT NOT NULL REFERENCES announcements (id),
  problem_id BIGINT NOT NULL REFERENCES problems (id),
  sub_problem_id BIGINT REFERENCES sub_problems (id)
);
CREATE UNIQUE INDEX namings_once ON namings (announcement_id, problem_id, coalesce(sub_problem_id, 0));
CREATE INDEX namings_problem ON namings (problem_id);
CREATE INDEX namings_sub ON namings (sub_problem_id);
INSERT INTO namings (announcement_id, problem_id) SELECT DISTINCT announcement_id, problem_id FROM statements ORDER BY 1, 2;
INSERT INTO namings (announcement_id, problem_id) SELECT min(a.id), p.id FROM problems p JOIN announcements a ON a.programme_id = p.programme_id
  WHERE p.announced AND NOT EXISTS (SELECT 1 FROM statements s WHERE s.problem_id = p.id) GROUP BY p.id ORDER BY p.id;
INSERT INTO namings (announcement_id, problem_id, sub_problem_id) SELECT DISTINCT announcement_id, problem_id, sub_problem_id FROM statements
  WHERE sub_problem_id IS NOT NULL ORDER BY 1, 2, 3;
INSERT INTO namings (announcement_id, problem_id, sub_problem_id) SELECT min(n.announcement_id), s.problem_id, s.id FROM sub_problems s
  JOIN namings n ON n.problem_id = s.problem_id WHERE NOT EXISTS (SELECT 1 FROM statements t WHERE t.sub_problem_id = s.id) GROUP BY s.problem_id, s.id ORDER BY s.id;

-- A published announcement is kept for ever as it was published.
-- +goose StatementBegin
CREATE FUNCTION keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'published' THEN
    RAISE EXCEPTION 'a published announcement is kept';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION keep_published_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM announcements WHERE id = OLD.announcement_id AND state = 'published') THEN
    RAISE EXCEPTION 'a published announcement is kept';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER announcements_keep BEFORE UPDATE OR DELETE ON announcements FOR EACH ROW EXECUTE FUNCTION keep_published();
CREATE TRIGGER stated_figures_keep BEFORE UPDATE OR DELETE ON stated_figures FOR EACH ROW EXECUTE FUNCTION keep_published_part();
CREATE TRIGGER statements_keep BEFORE UPDATE OR DELETE ON statements FOR EACH ROW EXECUTE FUNCTION keep_published_part();
CREATE TRIGGER namings_keep BEFORE UPDATE OR DELETE ON namings FOR EACH ROW EXECUTE FUNCTION keep_published_part();
