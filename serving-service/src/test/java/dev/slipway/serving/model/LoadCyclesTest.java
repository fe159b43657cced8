package dev.slipway.serving.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.VersionSelector;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That nothing stays behind of what was loaded: a real engine and a model of some size. */
class LoadCyclesTest {
  private static final int WEIGHTS = 2 << 20;
  private static final long MODEL_BYTES = 4L * WEIGHTS;
  private static final int CYCLES = 100;

  /** After so many cycles the process has what it needs and no cycle may add to it. */
  private static final int SETTLED = 15;

  @TempDir Path folder;

  @Test
  void hundredLoadsAndUnloads_leaveMemoryAndThreadsAsTheyWere() {
    try (ServingHarness harness = new ServingHarness(folder)) {
      harness.addWeights("m", WEIGHTS, Stage.STAGE_NONE);
      long resident = 0;
      int threads = 0;
      for (int cycle = 0; cycle < CYCLES; cycle++) {
        ServingHarness.await(
            () ->
                ServingHarness.y(harness.inference().modelInfer(ServingHarness.ask("m", "1", 2f)))
                    == 1f);
        if (cycle == 0) {
          assertThat(version(harness).getMemoryBytes())
              .isBetween(MODEL_BYTES, 8 * MODEL_BYTES + (64L << 20));
        }
        harness
            .serving()
            .unload(
                UnloadRequest.newBuilder()
                    .setModel("m")
                    .setSelector(VersionSelector.newBuilder().setVersion(1))
                    .build());
        if (cycle == SETTLED) {
          resident = ResidentMemory.read().orElseThrow();
          threads = ManagementFactory.getThreadMXBean().getThreadCount();
        }
      }

      // Less than one leaked copy in ten cycles.
      assertThat(ResidentMemory.read().orElseThrow() - resident)
          .isLessThan(MODEL_BYTES * (CYCLES - SETTLED) / 10);
      // Pools may still grow to their bound; a leak would be one thread in each cycle.
      assertThat(ManagementFactory.getThreadMXBean().getThreadCount() - threads)
          .isLessThan((CYCLES - SETTLED) / 2);
    }
  }

  private static ServedVersion version(ServingHarness harness) {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel("m")
                .setSelector(VersionSelector.newBuilder().setVersion(1))
                .build())
        .getVersion();
  }
}
