package dev.slipway.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.TransferListener;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransferProgressTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long MEBIBYTE = 1 << 20;

  private final AtomicLong clock = new AtomicLong(77);
  private final StringWriter err = new StringWriter();

  private static TransferListener.Progress at(long files, long bytes) {
    return new TransferListener.Progress(files, 3, bytes, 100 * MEBIBYTE, "a");
  }

  @Test
  void onProgress_withoutATerminal_isALineEveryFewSeconds() {
    try (TransferProgress progress =
        new TransferProgress(
            "upload", Optional.of(new PrintWriter(err)), Optional.empty(), clock::get)) {
      clock.addAndGet(60 * SECOND);
      progress.onProgress(at(0, 1));
      clock.addAndGet(5 * SECOND);
      progress.onProgress(at(1, 10 * MEBIBYTE));
      clock.addAndGet(4 * SECOND);
      progress.onProgress(at(1, 12 * MEBIBYTE));
      clock.addAndGet(SECOND);
      progress.onProgress(at(2, 40 * MEBIBYTE));
    }

    assertThat(err.toString().lines())
        .containsExactly(
            "upload: 10.0 MiB of 100.0 MiB, 2.0 MiB/s, 0:45 left, 1 of 3 files",
            "upload: 40.0 MiB of 100.0 MiB, 4.0 MiB/s, 0:15 left, 2 of 3 files");
  }

  @Test
  void onProgress_quiet_saysNothing() {
    PrintWriter out = new PrintWriter(err);
    try (TransferProgress progress = TransferProgress.of("upload", out, true)) {
      progress.onProgress(at(1, 10));
    }
    out.flush();

    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0,0 B", "1023,1023 B", "1536,1.5 KiB", "1048576,1.0 MiB", "5368709120,5.0 GiB"})
  void bytes_ofAnySize_areReadable(long bytes, String text) {
    assertThat(TransferProgress.bytes(bytes)).isEqualTo(text);
  }
}
