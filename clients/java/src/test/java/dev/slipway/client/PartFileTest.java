package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.artifact.v1.Artifact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartFileTest {
  private static final int MEBI = 1 << 20;
  private static final Ranges CONTENT =
      TransferSizes.DEFAULT.ranges(
          Artifact.newBuilder().setSha256("a".repeat(64)).setSizeBytes(40 * MEBI).build());

  @TempDir private Path folder;

  @Test
  void open_rangesWhoseBytesAreLost_areNotThere() throws Exception {
    Path target = folder.resolve("target");
    try (PartFile file = PartFile.open(target, CONTENT)) {
      write(file, 16 * MEBI - 1);
      file.add(0);
      file.add(1);
      file.add(2);
      file.add(7);
    }

    try (PartFile file = PartFile.open(target, CONTENT)) {
      assertThat(file.hadRanges()).isTrue();
      assertThat(file.has(0)).isTrue();
      assertThat(file.has(1)).isFalse();
      assertThat(file.has(2)).isFalse();
      write(file, 40 * MEBI - 1);
      file.add(2);
    }
    try (PartFile file = PartFile.open(target, CONTENT)) {
      assertThat(file.has(0)).isTrue();
      assertThat(file.has(1)).as("noted before, lost, and never brought").isFalse();
      assertThat(file.has(2)).isTrue();
      assertThat(file.has(7)).isFalse();
    }
    Files.delete(PartFile.bytesOf(target));
    try (PartFile file = PartFile.open(target, CONTENT)) {
      assertThat(file.hadRanges()).isFalse();
      assertThat(file.has(0)).isFalse();
    }
  }

  private static void write(PartFile file, long position) throws IOException {
    int unused = file.channel().write(ByteBuffer.allocate(1), position);
  }

  @Test
  void open_whileOthersFinishOrDiscard_neverTouchesWhatIsFinished() throws Exception {
    Path target = folder.resolve("target");
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Integer>> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        boolean discards = i == 0;
        workers.add(pool.submit(() -> finishAgainAndAgain(target, discards)));
      }
      int finished = 0;
      for (Future<Integer> worker : workers) {
        finished += worker.get();
      }
      assertThat(finished).isPositive();
    } finally {
      pool.shutdownNow();
    }
  }

  /** Returns how often it was alone. */
  private static int finishAgainAndAgain(Path target, boolean discards) throws IOException {
    int alone = 0;
    for (int i = 0; i < 500; i++) {
      try (PartFile file = PartFile.open(target, CONTENT)) {
        write(file, 99);
        if (discards) {
          file.discard();
        } else {
          file.finish();
          assertThat(target).hasSize(100);
        }
        alone++;
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("another download to");
      }
    }
    return alone;
  }
}
