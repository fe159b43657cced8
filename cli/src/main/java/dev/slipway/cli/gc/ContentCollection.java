package dev.slipway.cli.gc;

import com.google.protobuf.util.Durations;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingStub;
import dev.slipway.artifact.v1.CollectGarbageProgress;
import dev.slipway.artifact.v1.CollectGarbageRequest;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.Progress;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Iterator;
import me.tongfei.progressbar.ProgressBar;

/** Removes content of the artifact service that nothing refers to. Not thread-safe. */
final class ContentCollection {
  private final ArtifactServiceBlockingStub service;
  private final Duration gracePeriod;
  private final JsonOutput json;
  private final PrintWriter out;

  ContentCollection(
      ArtifactServiceBlockingStub service, Duration gracePeriod, JsonOutput json, PrintWriter out) {
    this.service = service;
    this.gracePeriod = gracePeriod;
    this.json = json;
    this.out = out;
  }

  /**
   * Tells what would be removed.
   *
   * @throws io.grpc.StatusRuntimeException if the service does not answer or collects already
   */
  void tell() {
    print("Would condemn", "Would remove", run(true));
  }

  /**
   * Removes it.
   *
   * @throws io.grpc.StatusRuntimeException if the service does not answer or collects already
   */
  void collect() {
    print("Condemned", "Removed", run(false));
  }

  private void print(String condemned, String removed, CollectGarbageProgress counts) {
    if (json.isWanted()) {
      JsonOutput.print(out, counts);
      return;
    }
    out.printf(
        "%s %s of %,d bytes that nothing refers to.%n",
        condemned, Counts.of(counts.getCondemnedCount(), "content"), counts.getCondemnedBytes());
    out.printf(
        "%s %s of %,d bytes that were condemned before, %s and %s.%n",
        removed,
        Counts.of(counts.getRemovedCount(), "content"),
        counts.getRemovedBytes(),
        Counts.of(counts.getRemovedManifestCount(), "manifest"),
        Counts.of(counts.getDiscardedUploadCount(), "stale upload"));
  }

  private CollectGarbageProgress run(boolean dryRun) {
    Iterator<CollectGarbageProgress> messages =
        service.collectGarbage(
            CollectGarbageRequest.newBuilder()
                .setDryRun(dryRun)
                .setGracePeriod(Durations.fromSeconds(gracePeriod.toSeconds()))
                .build());
    CollectGarbageProgress last = CollectGarbageProgress.getDefaultInstance();
    try (ProgressBar bar = Progress.bar("looking at content", -1)) {
      while (messages.hasNext()) {
        last = messages.next();
        bar.stepTo(last.getExaminedCount());
      }
    }
    return last;
  }
}
