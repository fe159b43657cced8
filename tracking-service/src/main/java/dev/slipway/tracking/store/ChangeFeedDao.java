package dev.slipway.tracking.store;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL that stamps changes with revisions; only for {@link ChangeFeed}. */
public interface ChangeFeedDao {
  @SqlUpdate(
      """
      INSERT INTO experiment_revision (experiment_id, revision, own_revision, purged_revision, purged_listed_revision)
      VALUES (:experiment, 1, 1, 0, 0)
      """)
  void insertExperiment(long experiment);

  @SqlQuery("SELECT revision FROM experiment_revision WHERE experiment_id = :experiment FOR UPDATE")
  List<Long> lock(long experiment);

  @SqlUpdate(
      "UPDATE experiment_revision SET revision = :revision WHERE experiment_id = :experiment")
  void advance(long experiment, long revision);

  @SqlUpdate(
      "UPDATE experiment_revision SET own_revision = :revision WHERE experiment_id = :experiment")
  void experimentChanged(long experiment, long revision);

  @SqlUpdate(
      """
      INSERT INTO run_revision (run_id, experiment_id, revision, created_revision, listed_revision, info_revision,
                                inputs_revision, outputs_revision, compacted_revision)
      VALUES (:run, :experiment, :revision, :revision, :revision, :revision, :revision, :revision, :revision)
      """)
  void insertRun(UUID run, long experiment, long revision);

  @SqlUpdate("UPDATE run_revision SET revision = :revision WHERE run_id = ANY(:runs)")
  void entriesChanged(UUID[] runs, long revision);

  @SqlUpdate(
      """
      UPDATE run_revision SET revision = :revision, info_revision = :revision
      WHERE run_id = ANY(:runs)
      """)
  void infoChanged(UUID[] runs, long revision);

  @SqlUpdate(
      """
      UPDATE run_revision SET revision = :revision, info_revision = :revision, listed_revision = :revision
      WHERE run_id = :run
      """)
  void listed(UUID run, long revision);

  @SqlUpdate(
      """
      UPDATE run_revision SET revision = :revision, info_revision = :revision, listed_revision = :revision
      WHERE experiment_id = :experiment
        AND EXISTS (SELECT 1 FROM run r
                    WHERE r.run_id = run_revision.run_id AND (r.delete_time_ms IS NULL) = :active)
      """)
  void allListed(long experiment, boolean active, long revision);

  @SqlUpdate(
      """
      UPDATE run_revision SET revision = :revision, inputs_revision = :revision
      WHERE run_id = ANY(:runs)
      """)
  void inputsChanged(UUID[] runs, long revision);

  @SqlUpdate(
      """
      UPDATE run_revision SET revision = :revision, outputs_revision = :revision
      WHERE run_id = ANY(:runs)
      """)
  void outputsChanged(UUID[] runs, long revision);

  @SqlUpdate(
      """
      UPDATE run_revision SET revision = :revision, compacted_revision = :revision WHERE run_id = :run
      """)
  void compacted(UUID run, long revision);

  @SqlQuery("SELECT experiment_id FROM run_revision WHERE run_id = :run")
  List<Long> experimentOf(UUID run);

  @SqlUpdate(
      """
      UPDATE experiment_revision
      SET purged_revision = :revision,
          purged_listed_revision =
            GREATEST(purged_listed_revision,
                     (SELECT COALESCE(MAX(r.listed_revision), 0) FROM run_revision r WHERE r.run_id = ANY(:runs)))
      WHERE experiment_id = :experiment
      """)
  void purged(long experiment, UUID[] runs, long revision);

  @SqlUpdate("DELETE FROM run_revision WHERE run_id = ANY(:runs)")
  void deleteRuns(UUID[] runs);

  @SqlUpdate("DELETE FROM run_tag_removed WHERE run_id = ANY(:runs)")
  void deleteRemovedTags(UUID[] runs);

  @SqlUpdate("DELETE FROM experiment_revision WHERE experiment_id = :experiment")
  void deleteExperiment(long experiment);
}
