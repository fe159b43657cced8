package dev.slipway.runtime.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.server.StartupException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir private Path folder;

  @Test
  void open_whileHeld_isRefusedAndWorksAfterClose() {
    Path path = folder.resolve("data");
    try (DataDirectory held = DataDirectory.open(path)) {
      assertThatThrownBy(() -> DataDirectory.open(held.path()))
          .isInstanceOf(StartupException.class)
          .hasMessage(
              "data folder %s is in use by another slipway: stop it or choose another with --data-dir"
                  .formatted(path));
    }

    DataDirectory.open(path).close();
  }

  @Test
  void open_whereAFileIs_saysSo() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> DataDirectory.open(file))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("cannot be used");
  }
}
