package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds what every {@link BlobStore} promises. */
abstract class BlobStoreContract {
  @TempDir Path folder;
  private BlobStore store;

  /** Opens a store; called twice, it opens the same one. */
  abstract BlobStore open() throws IOException;

  @BeforeEach
  void openStore() throws IOException {
    store = open();
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private Content put(byte[] bytes) throws IOException {
    Content content = Bytes.content(bytes);
    store.put(content, spooled(bytes));
    return content;
  }

  private Path spooled(byte[] bytes) throws IOException {
    return Files.write(Files.createTempFile(folder, "spool", ".part"), bytes);
  }

  private byte[] read(Content content, long offset, long length) throws IOException {
    try (InputStream in = store.open(content, offset, length)) {
      return in.readAllBytes();
    }
  }

  // Above 16 MiB a file goes to S3 in parts.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4096, 5 << 20, (33 << 20) + 7})
  void put_anySize_isReadBackEqual(int size) throws IOException {
    byte[] bytes = Bytes.random(size, size);

    Content content = put(bytes);

    assertThat(store.findSize(content.sha256())).hasValue(size);
    assertThat(Arrays.equals(read(content, 0, size), bytes)).isTrue();
  }

  @Test
  void put_again_changesNothing() throws IOException {
    byte[] bytes = Bytes.random(1, 100_000);
    put(bytes);

    Content content = put(bytes);

    assertThat(read(content, 0, bytes.length)).isEqualTo(bytes);
  }

  @Test
  void put_file_staysUnderItsName() throws IOException {
    byte[] bytes = Bytes.random(7, 1000);
    Path file = spooled(bytes);

    store.put(Bytes.content(bytes), file);

    assertThat(file).hasBinaryContent(bytes);
  }

  @Test
  void ensureDurable_contentWithItsSize_isThere() throws IOException {
    Content content = put(Bytes.random(8, 10));

    assertThat(store.ensureDurable(content)).isTrue();
    assertThat(store.ensureDurable(new Content(content.sha256(), 11))).isFalse();
    assertThat(store.ensureDurable(Bytes.content(Bytes.random(9, 10)))).isFalse();
  }

  @Test
  void put_sameContentByMany_isThereOnce() throws Exception {
    byte[] bytes = Bytes.random(2, 200_000);
    Content content = Bytes.content(bytes);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> puts = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        Path file = spooled(bytes);
        puts.add(threads.submit(() -> store.put(content, file)));
      }
      for (Future<?> put : puts) {
        put.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(read(content, 0, bytes.length)).isEqualTo(bytes);
  }

  @Test
  void put_afterReopen_isStillThere() throws IOException {
    byte[] bytes = Bytes.random(3, 1000);
    Content content = put(bytes);
    store.close();

    store = open();

    assertThat(read(content, 0, bytes.length)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "0,1000", "1,998", "999,1", "500,0", "1000,0", "0,0"})
  void open_range_givesExactlyThatRange(int offset, int length) throws IOException {
    byte[] bytes = Bytes.random(4, 1000);
    Content content = put(bytes);

    assertThat(read(content, offset, length))
        .isEqualTo(Arrays.copyOfRange(bytes, offset, offset + length));
  }

  @Test
  void open_absentContent_isDamage() {
    Content absent = Bytes.content(Bytes.random(5, 10));

    assertThatThrownBy(() -> store.open(absent, 0, 10)).isInstanceOf(ContentDamagedException.class);
    assertThat(store.findSize(absent.sha256())).isEmpty();
  }

  @Test
  void delete_content_isGoneAndAgainIsFine() throws IOException {
    Content content = put(Bytes.random(6, 10));

    store.delete(content.sha256());

    assertThat(store.findSize(content.sha256())).isEmpty();
    assertThatCode(() -> store.delete(content.sha256())).doesNotThrowAnyException();
  }

  @Test
  void delete_whileOpen_leavesTheReaderItsBytes() throws IOException {
    byte[] bytes = Bytes.random(10, 1000);
    Content content = put(bytes);
    try (InputStream in = store.open(content, 0, 1000)) {
      store.delete(content.sha256());

      assertThat(in.readAllBytes()).isEqualTo(bytes);
    }
  }

  @Test
  void list_inPages_givesEachOnceInOrderOfDigest() throws IOException {
    assertThat(store.list(Optional.empty(), 7)).isEmpty();
    List<Content> stored = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      stored.add(put(Bytes.random(i, i)));
    }
    stored.sort(Comparator.comparing(content -> content.sha256().hex()));

    List<Content> listed = new ArrayList<>();
    List<Content> page = store.list(Optional.empty(), 7);
    while (!page.isEmpty()) {
      assertThat(page).hasSizeLessThanOrEqualTo(7);
      listed.addAll(page);
      page = store.list(Optional.of(page.get(page.size() - 1).sha256()), 7);
    }

    assertThat(listed).isEqualTo(stored);
    assertThat(store.list(Optional.empty(), 25)).isEqualTo(stored);
    assertThat(store.list(Optional.empty(), 1000)).isEqualTo(stored);
  }

  @Test
  void discardLeftovers_ofNothing_isNone() throws IOException {
    put(Bytes.random(1, 10));

    assertThat(store.discardLeftovers(Instant.now().plusSeconds(3600), false)).isZero();
    assertThat(store.list(Optional.empty(), 10)).hasSize(1);
  }

  @Test
  void answers_openStore_isTrue() {
    assertThat(store.answers()).isTrue();
  }
}
