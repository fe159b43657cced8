package dev.slipway.cli.gc;

import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingStub;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DeleteResponse;
import dev.slipway.artifact.v1.StatRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Deletes what lies below roots of artifacts, and tells of those that stay: nothing else names them
 * any more. Not thread-safe.
 */
final class ArtifactRoots {
  /** A folder of the artifact service as MLflow names it; one with a host is that of another. */
  private static final Pattern OURS = Pattern.compile("mlflow-artifacts:(?:///|/(?!/))(.*?)/*");

  private final ArtifactServiceBlockingStub service;
  private final PrintWriter err;
  private long deletedFiles;
  private long deletedBytes;
  private boolean away;
  private boolean anyLeft;

  ArtifactRoots(ArtifactServiceBlockingStub service, PrintWriter err) {
    this.service = service;
    this.err = err;
  }

  /**
   * Does nothing when the service answers.
   *
   * @throws StatusRuntimeException if it does not
   */
  void requireService() {
    service.stat(StatRequest.getDefaultInstance());
  }

  /** Deletes what lies below some roots; once the service is away, all that is left is told. */
  void delete(List<String> uris) {
    for (String uri : uris) {
      Optional<String> path = path(uri);
      if (path.isEmpty()) {
        leave(uri, "not a folder of the artifact service");
      } else if (away) {
        leave(uri, "the artifact service is away");
      } else {
        delete(uri, path.get());
      }
    }
  }

  private void delete(String uri, String path) {
    try {
      DeleteResponse answer =
          service.delete(
              DeleteRequest.newBuilder()
                  .setPath(path)
                  .setRecursive(true)
                  .setAllowMissing(true)
                  .build());
      deletedFiles += answer.getDeletedCount();
      deletedBytes += answer.getDeletedBytes();
    } catch (StatusRuntimeException e) {
      away = e.getStatus().getCode() == Status.Code.UNAVAILABLE;
      leave(uri, e.getStatus().getCode() + ": " + e.getStatus().getDescription());
    }
  }

  private void leave(String uri, String reason) {
    anyLeft = true;
    err.println("slipway: artifacts are left at " + uri + ": " + reason);
    err.flush();
  }

  private static Optional<String> path(String uri) {
    Matcher form = OURS.matcher(uri);
    return form.matches() && !form.group(1).isEmpty()
        ? Optional.of(form.group(1))
        : Optional.empty();
  }

  boolean isAway() {
    return away;
  }

  /** Returns whether artifacts of some root were not deleted. */
  boolean isAnyLeft() {
    return anyLeft;
  }

  long deletedFiles() {
    return deletedFiles;
  }

  long deletedBytes() {
    return deletedBytes;
  }
}
