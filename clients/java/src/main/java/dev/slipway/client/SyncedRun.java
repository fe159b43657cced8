package dev.slipway.client;

import java.nio.file.Path;
import java.util.List;

/**
 * Says what became of the files of one run's writer.
 *
 * @param runId the run
 * @param folder the folder of the files
 * @param outcome whether they are gone
 * @param sentPoints points that this sync has brought to the service
 * @param sentCalls calls that it has made: creation, params, tags, end
 * @param problems why the files are kept, one sentence each; empty unless they are
 */
public record SyncedRun(
    String runId,
    Path folder,
    Outcome outcome,
    long sentPoints,
    int sentCalls,
    List<String> problems) {
  /** Says whether files are gone, and why not. */
  public enum Outcome {
    /** The service has all of it; the files are deleted. */
    SENT,
    /** Something was refused, damaged, or not reached: the files are kept. */
    KEPT,
    /** The job is alive, or another sync is at it: nothing was touched. */
    IN_USE
  }

  /** Copies the problems. */
  public SyncedRun {
    problems = List.copyOf(problems);
  }
}
