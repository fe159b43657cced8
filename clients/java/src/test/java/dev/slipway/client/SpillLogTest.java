package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.UpdateRunRequest;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpillLogTest {
  private static final String RUN = "0".repeat(32);
  private static final SpillRecord END =
      SpillRecord.of(
          Kind.UPDATE_RUN,
          1,
          UpdateRunRequest.newBuilder().setRun(RunInfo.newBuilder().setRunId(RUN)).build());

  @TempDir Path folder;

  private static SpillRecord batch(long seq) {
    return SpillRecord.of(
        Kind.METRICS, seq, MetricBatch.newBuilder().setSeq(seq).addNames("loss").build());
  }

  @Test
  void append_boundReached_takesTheEndOfTheRunAloneAndItIsReadAgain() throws Exception {
    long bound = 8 << 10;
    long batches = 0;
    Path session;
    try (SpillLog spill = SpillLog.create(folder, RUN, "w", bound)) {
      session = spill.folder();
      while (spill.append(batch(batches + 1))) {
        batches++;
      }

      assertThat(spill.append(END)).isTrue();
      assertThat(spill.append(batch(batches + 1))).isFalse();
    }

    assertThat(SpillFolder.bytes(folder)).isLessThanOrEqualTo(bound + END.sizeBytes());
    SpillContents contents = SpillContents.read(session);
    assertThat(contents.stretches()).containsExactly(new SpillContents.Stretch(1, batches));
    assertThat(contents.calls(true)).hasSize(1);
    assertThat(contents.damages()).isEmpty();
  }

  @Test
  void append_boundIsNothing_leavesNoFile() throws Exception {
    try (SpillLog spill = SpillLog.create(folder, RUN, "w", 0)) {
      assertThat(spill.append(batch(1))).isFalse();
      assertThat(spill.append(END)).isFalse();
    }

    assertThat(folder).isEmptyDirectory();
  }
}
