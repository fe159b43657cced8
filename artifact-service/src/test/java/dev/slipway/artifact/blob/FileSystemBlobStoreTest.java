package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Content;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FileSystemBlobStoreTest extends BlobStoreContract {
  @Override
  BlobStore open() {
    return new FileSystemBlobStore(folder.resolve("store"));
  }

  @Test
  void put_usesUpTheFileAndNamesItByDigest() throws IOException {
    byte[] bytes = Bytes.random(1, 10);
    Content content = Bytes.content(bytes);
    Path file = Files.write(folder.resolve("x.part"), bytes);

    open().put(content, file);

    assertThat(file).doesNotExist();
    String hex = content.sha256().hex();
    assertThat(folder.resolve("store/blobs/" + hex.substring(0, 2) + "/" + hex))
        .hasBinaryContent(bytes);
  }

  @Test
  void put_overShortenedContent_mendsIt() throws IOException {
    byte[] bytes = Bytes.random(1, 10);
    Content content = Bytes.content(bytes);
    BlobStore store = open();
    store.put(content, Files.write(folder.resolve("x.part"), bytes));
    String hex = content.sha256().hex();
    Files.write(folder.resolve("store/blobs/" + hex.substring(0, 2) + "/" + hex), new byte[3]);

    store.put(content, Files.write(folder.resolve("x.part"), bytes));

    assertThat(store.findSize(content.sha256())).hasValue(10);
  }

  @Test
  void delete_whileOpen_leavesTheReaderItsBytes() throws IOException {
    byte[] bytes = Bytes.random(1, 1000);
    Content content = Bytes.content(bytes);
    BlobStore store = open();
    store.put(content, Files.write(folder.resolve("x.part"), bytes));
    try (InputStream in = store.open(content, 0, 1000)) {
      store.delete(content.sha256());

      assertThat(in.readAllBytes()).isEqualTo(bytes);
    }
  }

  @Test
  void open_folderIsAFile_isUnavailable() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");

    assertThatThrownBy(() -> new FileSystemBlobStore(file))
        .isInstanceOf(StoreUnavailableException.class);
  }
}
