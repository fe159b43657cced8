package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
  private static final String DIGEST = "0".repeat(64);

  @TempDir Path folder;

  @Test
  void findOrMake_whatTookLongToMake_countsAsUsedWhenItIsThere() throws Exception {
    FileTime longAgo = FileTime.from(Instant.now().minusSeconds(3600));
    try (CacheFolder cache = new CacheFolder(AssetCacheOptions.of(folder))) {
      CacheFolder.Maker slow =
          files -> {
            Files.createDirectory(files);
            Files.setLastModifiedTime(files.getParent(), longAgo);
          };
      FileTime begun = FileTime.from(Instant.now());

      cache.findOrMake(DIGEST, 0, slow).close();

      assertThat(Files.getLastModifiedTime(folder.resolve("content").resolve(DIGEST)))
          .isGreaterThanOrEqualTo(begun);
    }
  }
}
