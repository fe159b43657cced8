package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpillLockTest {
  @TempDir private Path folder;

  @Test
  void tryLock_heldHere_isRefusedHereAndInOtherProcessesUntilItIsClosed() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    try (SpillLock held = SpillLock.tryLock(folder).orElseThrow()) {
      assertThat(held).isNotNull();
      assertThat(SpillLock.tryLock(folder)).isEmpty();
      assertThat(SpillLock.tryLock(link)).isEmpty();
      assertThat(tryLockInAnotherProcess()).isFalse();
    }

    assertThat(tryLockInAnotherProcess()).isTrue();
    try (SpillLock again = SpillLock.tryLock(folder).orElseThrow()) {
      assertThat(again).isNotNull();
    }
  }

  private boolean tryLockInAnotherProcess() throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Stranger.class.getName(),
                    folder.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said).isIn("true", "false");
    return said.equals("true");
  }

  /** Is another process that wants the lock. */
  static final class Stranger {
    private Stranger() {}

    public static void main(String[] args) throws IOException {
      System.out.print(SpillLock.tryLock(Path.of(args[0])).isPresent());
    }
  }
}
