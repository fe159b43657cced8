package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderFilesTest {
  @TempDir Path folder;

  @Test
  void next_moreFilesThanABatch_givesEachOnce() throws Exception {
    Path root = Files.createDirectory(folder.resolve("root"));
    List<Path> expected = new ArrayList<>();
    for (int i = 0; i < FolderFiles.BATCH; i++) {
      expected.add(Files.createFile(root.resolve("f" + i)));
    }
    Files.createDirectories(root.resolve("a/empty"));
    expected.add(Files.createFile(root.resolve("a/b")));
    expected.add(Files.createSymbolicLink(root.resolve("link"), root.resolve("a/b")));
    Files.createFile(Files.createDirectory(folder.resolve("other")).resolve("c"));
    Files.createSymbolicLink(root.resolve("folder-link"), folder.resolve("other"));

    List<Path> given = new ArrayList<>();
    try (FolderFiles files = new FolderFiles(root)) {
      given.addAll(files.next());
      assertThat(given).hasSize(FolderFiles.BATCH);
      given.addAll(files.next());
      assertThat(files.next()).isEmpty();
    }
    assertThat(given).containsExactlyInAnyOrderElementsOf(expected);
  }
}
