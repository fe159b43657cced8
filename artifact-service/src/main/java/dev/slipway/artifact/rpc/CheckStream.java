package dev.slipway.artifact.rpc;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.maintenance.CheckCounts;
import dev.slipway.artifact.maintenance.Finding;
import dev.slipway.artifact.service.ConsistencyCheck;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.ConsistencyFinding;
import dev.slipway.artifact.v1.FindingKind;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;

/**
 * Sends what a check finds, no faster than the client takes it: the check waits when a message of
 * findings is full and the transport does not want it yet. For the thread that checks.
 */
final class CheckStream implements ConsistencyCheck.Listener {
  private static final int MAX_FINDINGS = 100;
  private static final long WAIT_MILLIS = 20;

  private final ServerCallStreamObserver<CheckConsistencyProgress> response;
  private final Context call;
  private final Pace pace = new Pace();
  private final CheckConsistencyProgress.Builder message = CheckConsistencyProgress.newBuilder();

  CheckStream(ServerCallStreamObserver<CheckConsistencyProgress> response, Context call) {
    this.response = response;
    this.call = call;
  }

  @Override
  public void found(Finding finding) {
    message.addFindings(proto(finding));
  }

  @Override
  public boolean goesOn(CheckCounts counts) {
    boolean full = message.getFindingsCount() == MAX_FINDINGS;
    if (full && !awaitReady()) {
      return false;
    }
    if (full || (pace.isDue() && response.isReady())) {
      send(counts, false);
    }
    return !call.isCancelled();
  }

  /** Returns false when the client is gone. */
  private boolean awaitReady() {
    try {
      while (!response.isReady() && !call.isCancelled()) {
        // The transport tells on the thread of the call, which is this one.
        Thread.sleep(WAIT_MILLIS);
      }
      return !call.isCancelled();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Sends what is left and ends the call, unless the client has ended it. */
  void finish(CheckCounts counts) {
    if (!call.isCancelled()) {
      send(counts, true);
      response.onCompleted();
    }
  }

  private void send(CheckCounts counts, boolean done) {
    response.onNext(
        message
            .setExaminedCount(counts.examined())
            .setVerifiedBytes(counts.verifiedBytes())
            .setFindingCount(counts.findings())
            .setDone(done)
            .build());
    message.clear();
  }

  private static ConsistencyFinding proto(Finding finding) {
    return ConsistencyFinding.newBuilder()
        .setKind(
            switch (finding.kind()) {
              case CONTENT_MISSING -> FindingKind.FINDING_KIND_CONTENT_MISSING;
              case SIZE_DIFFERS -> FindingKind.FINDING_KIND_SIZE_DIFFERS;
              case DIGEST_DIFFERS -> FindingKind.FINDING_KIND_DIGEST_DIFFERS;
              case CONTENT_UNKNOWN -> FindingKind.FINDING_KIND_CONTENT_UNKNOWN;
              case CONTENT_UNREFERENCED -> FindingKind.FINDING_KIND_CONTENT_UNREFERENCED;
            })
        .setSha256(finding.sha256().hex())
        .setRecordedSizeBytes(finding.recordedBytes())
        .setStoredSizeBytes(finding.storedBytes())
        .addAllPaths(finding.paths().stream().map(ArtifactPath::value).toList())
        .addAllHolders(finding.holders())
        .build();
  }
}
