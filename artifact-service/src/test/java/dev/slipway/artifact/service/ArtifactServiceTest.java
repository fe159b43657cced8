package dev.slipway.artifact.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.testing.TestDatabases;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests what needs a store that is small or ill. */
class ArtifactServiceTest {
  private static final byte[] BYTES = Bytes.random(1, 50);

  @TempDir Path folder;
  private Database database;
  private SmallStore blobs;
  private ArtifactService service;

  @BeforeEach
  void open() {
    database =
        Database.open(
            TestDatabases.h2(folder), "artifact", "db/migration/artifact", new MetricRegistry());
    blobs = new SmallStore(new FileSystemBlobStore(folder.resolve("store")));
    ArtifactStore artifacts = new ArtifactStore(database, Clock.systemUTC());
    service =
        new ArtifactService(
            artifacts,
            new ContentBinder(artifacts, new CollectionStore(database), blobs),
            blobs,
            new UploadSpool(folder.resolve("spool"), Duration.ofHours(1), Clock.systemUTC()));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static UploadSpec spec(String path, long size) {
    return new UploadSpec(
        new ArtifactPath(path),
        Optional.empty(),
        OptionalLong.of(size),
        Optional.of(Bytes.content(BYTES).sha256()),
        Optional.empty(),
        false);
  }

  @Test
  void open_declaredSizeAboveTheStoresLimit_isRefusedBeforeAnyByte() {
    assertThatThrownBy(() -> service.open(spec("a", 101)))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("size_bytes");
    assertThat(service.open(spec("a", 100)).committedBytes()).isZero();
  }

  @Test
  void write_moreThanTheStoresLimit_isRefusedAndAddsNothing() {
    ArtifactUpload upload =
        service.open(
            new UploadSpec(
                new ArtifactPath("a"),
                Optional.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                false));
    service.write(upload, 0, List.of(ByteBuffer.allocate(60)), OptionalInt.empty());

    assertThatThrownBy(
            () ->
                service.write(
                    upload,
                    60,
                    List.of(ByteBuffer.allocate(30), ByteBuffer.allocate(11)),
                    OptionalInt.empty()))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("chunk.offset");

    service.write(upload, 60, List.of(ByteBuffer.allocate(40)), OptionalInt.empty());
    assertThat(upload.committedBytes()).isEqualTo(100);
  }

  @Test
  void publishStored_storeBreaksWhileTheTypeIsSniffed_isUnavailable() {
    ArtifactUpload upload = service.open(spec("a.txt", 50));
    CRC32C crc = new CRC32C();
    crc.update(BYTES);
    upload.write(0, List.of(ByteBuffer.wrap(BYTES)), OptionalInt.of((int) crc.getValue()));
    service.finish(upload);
    blobs.breaks = true;

    assertThatThrownBy(() -> service.publishStored(spec("noname", 50)))
        .isInstanceOf(StoreUnavailableException.class);
  }

  /** Takes 100 bytes per file, and breaks in the middle of reading when told to. */
  private static final class SmallStore implements BlobStore {
    private final BlobStore store;
    private boolean breaks;

    SmallStore(BlobStore store) {
      this.store = store;
    }

    @Override
    public long maxContentBytes() {
      return 100;
    }

    @Override
    public InputStream open(Content content, long offset, long length) {
      // One that is not connected fails on read.
      return breaks ? new PipedInputStream() : store.open(content, offset, length);
    }

    @Override
    public void put(Content content, Path file) {
      store.put(content, file);
    }

    @Override
    public void replace(Content content, Path file) {
      store.replace(content, file);
    }

    @Override
    public boolean ensureDurable(Content content) {
      return store.ensureDurable(content);
    }

    @Override
    public OptionalLong findSize(Sha256 sha256) {
      return store.findSize(sha256);
    }

    @Override
    public List<Content> list(Optional<Sha256> after, int limit) {
      return store.list(after, limit);
    }

    @Override
    public int discardLeftovers(Instant before, boolean dryRun) {
      return store.discardLeftovers(before, dryRun);
    }

    @Override
    public void delete(Sha256 sha256) {
      store.delete(sha256);
    }

    @Override
    public boolean answers() {
      return store.answers();
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
