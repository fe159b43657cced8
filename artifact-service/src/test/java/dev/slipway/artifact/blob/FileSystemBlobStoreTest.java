package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FileSystemBlobStoreTest extends BlobStoreContract {
  @Override
  BlobStore open() {
    return new FileSystemBlobStore(folder.resolve("store"));
  }

  private Path blob(Content content) {
    String hex = content.sha256().hex();
    return folder.resolve("store/blobs/" + hex.substring(0, 2) + "/" + hex);
  }

  @Test
  void put_namesItByDigestAndLeavesTheFileUntilItIsRemoved() throws IOException {
    byte[] bytes = Bytes.random(1, 10);
    Content content = Bytes.content(bytes);
    Path file = Files.write(folder.resolve("x.part"), bytes);
    assertThat(Disk.isShared(file)).isFalse();

    open().put(content, file);

    assertThat(file).hasBinaryContent(bytes);
    assertThat(Disk.isShared(file)).isTrue();
    Files.delete(file);
    assertThat(blob(content)).hasBinaryContent(bytes);
    assertThat(Disk.isShared(blob(content))).isFalse();
  }

  @Test
  void put_newContent_putsItsNameAndThatOfItsDirectoryOnDisk() throws IOException {
    List<Path> synced = new ArrayList<>();
    byte[] bytes = Bytes.random(1, 10);
    Content content = Bytes.content(bytes);
    Path blobs = folder.resolve("store/blobs");
    BlobStore store = new FileSystemBlobStore(folder.resolve("store"), synced::add);
    assertThat(synced).containsExactly(folder.resolve("store"));
    synced.clear();

    store.put(content, Files.write(folder.resolve("x.part"), bytes));

    assertThat(synced).containsExactly(blob(content).getParent(), blobs);
  }

  // The one that gave it its name may be a thread that has not synced it yet.
  @Test
  void putAndEnsureDurable_contentThatIsThere_putItsNameOnDisk() throws IOException {
    List<Path> synced = new ArrayList<>();
    byte[] bytes = Bytes.random(1, 10);
    Content content = Bytes.content(bytes);
    Path directory = blob(content).getParent();
    BlobStore store = new FileSystemBlobStore(folder.resolve("store"), synced::add);
    synced.clear();
    assertThat(store.ensureDurable(content)).isFalse();
    assertThat(synced).isEmpty();
    Files.createDirectory(directory);
    Files.write(blob(content), bytes);

    store.put(content, Files.write(folder.resolve("x.part"), bytes));
    assertThat(synced).containsExactly(directory, folder.resolve("store/blobs"));
    assertThat(store.ensureDurable(content)).isTrue();

    assertThat(synced).endsWith(directory).hasSize(3);
  }

  @Test
  void open_copiesThatACrashLeft_areRemovedWhenTheyAreOld() throws IOException {
    open().close();
    Path fresh = Files.write(folder.resolve("store/incoming/fresh"), new byte[1]);
    Path old = Files.write(folder.resolve("store/incoming/old"), new byte[1]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(25))));

    open().close();

    assertThat(old).doesNotExist();
    assertThat(fresh).exists();
  }

  @Test
  void discardLeftovers_dryRun_onlyCounts() throws IOException {
    BlobStore store = open();
    Path copy = Files.write(folder.resolve("store/incoming/copy"), new byte[1]);
    Instant later = Instant.now().plusSeconds(3600);

    assertThat(store.discardLeftovers(later, true)).isEqualTo(1);
    assertThat(copy).exists();
    assertThat(store.discardLeftovers(Instant.now().minusSeconds(3600), false)).isZero();
    assertThat(store.discardLeftovers(later, false)).isEqualTo(1);
    assertThat(copy).doesNotExist();
  }

  @Test
  void list_whatIsNoContent_isLeftOut() throws IOException {
    byte[] bytes = Bytes.random(1, 10);
    Content content = Bytes.content(bytes);
    BlobStore store = open();
    store.put(content, Files.write(folder.resolve("x.part"), bytes));
    Files.write(blob(content).resolveSibling("notes.txt"), bytes);
    Path elsewhere = Files.createDirectories(folder.resolve("store/blobs/zz"));
    Files.write(elsewhere.resolve(content.sha256().hex()), bytes);
    String other = content.sha256().hex().startsWith("00") ? "01" : "00";
    Path wrong = Files.createDirectories(folder.resolve("store/blobs").resolve(other));
    Files.write(wrong.resolve(content.sha256().hex()), bytes);

    assertThat(store.list(Optional.empty(), 10)).containsExactly(content);
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
  void open_folderIsAFile_isUnavailable() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");

    assertThatThrownBy(() -> new FileSystemBlobStore(file))
        .isInstanceOf(StoreUnavailableException.class);
  }
}
