package dev.slipway.artifact.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.upload.UploadFinishingException;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.upload.UploadSpecChangedException;
import dev.slipway.artifact.upload.UploadTakenOverException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UploadSpoolTest {
  private static final byte[] BYTES = Bytes.random(1, 1000);
  private static final UploadId ID = new UploadId("u.1");
  private static final Duration EXPIRY = Duration.ofHours(24);

  @TempDir Path folder;

  private UploadSpool spool(Clock clock) {
    return new UploadSpool(folder, EXPIRY, clock);
  }

  private static UploadSpec spec(Optional<UploadId> id, String path) {
    return new UploadSpec(
        new ArtifactPath(path),
        id,
        OptionalLong.empty(),
        Optional.empty(),
        Optional.empty(),
        false);
  }

  private static void write(ArtifactUpload upload, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(BYTES, offset, length);
    upload.write(
        offset,
        List.of(ByteBuffer.wrap(BYTES, offset, length)),
        OptionalInt.of((int) crc.getValue()));
  }

  private long files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  @Test
  void open_afterProcessWasKilled_goesOnWithTheBytesThatAreThere() {
    ArtifactUpload killed = spool(Clock.systemUTC()).open(spec(Optional.of(ID), "a"));
    write(killed, 0, 600);

    UploadSpool restarted = spool(Clock.systemUTC());

    assertThat(restarted.find(ID).orElseThrow().committedBytes()).isEqualTo(600);
    ArtifactUpload upload = restarted.open(spec(Optional.of(ID), "a"));
    write(upload, 600, 400);
    Content content = upload.verify();
    assertThat(content).isEqualTo(Bytes.content(BYTES));
  }

  @Test
  void open_withNothingLeftToSend_verifiesWhatIsThere() {
    UploadSpool spool = spool(Clock.systemUTC());
    ArtifactUpload first = spool.open(spec(Optional.of(ID), "a"));
    write(first, 0, 1000);
    spool.suspend(first);

    assertThat(spool.open(spec(Optional.of(ID), "a")).verify()).isEqualTo(Bytes.content(BYTES));
  }

  @Test
  void open_otherSpec_isRefusedAndFirstGoesOn() {
    UploadSpool spool = spool(Clock.systemUTC());
    ArtifactUpload first = spool.open(spec(Optional.of(ID), "a"));
    write(first, 0, 10);

    assertThatThrownBy(() -> spool.open(spec(Optional.of(ID), "b")))
        .isInstanceOf(UploadSpecChangedException.class);

    write(first, 10, 990);
    assertThat(first.verify()).isEqualTo(Bytes.content(BYTES));
  }

  @Test
  void open_whileAnotherStreamWrites_takesItOver() {
    UploadSpool spool = spool(Clock.systemUTC());
    ArtifactUpload first = spool.open(spec(Optional.of(ID), "a"));
    write(first, 0, 10);

    ArtifactUpload second = spool.open(spec(Optional.of(ID), "a"));

    assertThatThrownBy(() -> write(first, 10, 10)).isInstanceOf(UploadTakenOverException.class);
    // The older stream's end does not touch what the newer one has.
    spool.discard(first);
    write(second, 10, 990);
    assertThat(second.verify()).isEqualTo(Bytes.content(BYTES));
  }

  @Test
  void open_whileAnotherStreamPublishes_isRefused() {
    UploadSpool spool = spool(Clock.systemUTC());
    ArtifactUpload first = spool.open(spec(Optional.of(ID), "a"));
    write(first, 0, 10);
    first.verify();

    assertThatThrownBy(() -> spool.open(spec(Optional.of(ID), "a")))
        .isInstanceOf(UploadFinishingException.class);
    spool.abort(ID);
    assertThat(spool.find(ID).orElseThrow().finishing()).isTrue();
    spool.suspend(first);
    assertThat(spool.find(ID).orElseThrow().finishing()).isFalse();
  }

  // Reading such a file again takes minutes; the sparse one costs no disk.
  @Test
  void open_whileAnotherStreamReadsALargeFileAgain_waitsForNothing() throws Exception {
    UploadSpool spool = spool(Clock.systemUTC());
    spool.suspend(spool.open(spec(Optional.of(ID), "a")));
    try (RandomAccessFile part = new RandomAccessFile(folder.resolve("u.1.part").toFile(), "rw")) {
      part.setLength(256L << 30);
    }
    ArtifactUpload reading = spool.open(spec(Optional.of(ID), "a"));
    FutureTask<Content> verified = new FutureTask<>(reading::verify);
    Thread reader = new Thread(verified, "reader");
    reader.start();
    while (Arrays.stream(reader.getStackTrace())
        .noneMatch(frame -> frame.getMethodName().equals("digestWhatIsThere"))) {
      Thread.onSpinWait();
    }

    ArtifactUpload second = spool.open(spec(Optional.of(ID), "a"));

    assertThatThrownBy(verified::get).hasCauseInstanceOf(UploadTakenOverException.class);
    assertThat(second.committedBytes()).isEqualTo(256L << 30);
    spool.discard(second);
  }

  @Test
  void write_intoAFileThatTheStoreHasToo_leavesTheStoreItsBytes() throws IOException {
    UploadSpool spool = spool(Clock.systemUTC());
    ArtifactUpload first = spool.open(spec(Optional.of(ID), "a"));
    write(first, 0, 1000);
    spool.suspend(first);
    Path blob = Files.createLink(folder.resolve("blob"), folder.resolve("u.1.part"));
    byte[] other = Bytes.random(2, 600);
    CRC32C crc = new CRC32C();
    crc.update(other);

    ArtifactUpload second = spool.open(spec(Optional.of(ID), "a"));
    second.write(400, List.of(ByteBuffer.wrap(other)), OptionalInt.of((int) crc.getValue()));

    byte[] both = Arrays.copyOf(BYTES, 1000);
    System.arraycopy(other, 0, both, 400, 600);
    assertThat(second.verify()).isEqualTo(Bytes.content(both));
    assertThat(folder.resolve("u.1.part")).hasBinaryContent(both);
    assertThat(blob).hasBinaryContent(BYTES);
    assertThat(files()).isEqualTo(3);
  }

  @Test
  void open_afterProcessWasKilled_removesWhatStreamsWithoutIdLeft() throws IOException {
    write(spool(Clock.systemUTC()).open(spec(Optional.empty(), "a")), 0, 10);
    assertThat(files()).isEqualTo(1);

    spool(Clock.systemUTC());

    assertThat(files()).isZero();
  }

  @Test
  void sweep_removesWhatIsStaleAndNothingElse() throws IOException {
    UploadSpool spool = spool(Clock.systemUTC());
    ArtifactUpload idle = spool.open(spec(Optional.of(ID), "a"));
    write(idle, 0, 10);
    spool.suspend(idle);
    ArtifactUpload active = spool.open(spec(Optional.of(new UploadId("active")), "b"));
    write(active, 0, 10);
    spool.open(spec(Optional.empty(), "c"));
    assertThat(spool.sweep()).isZero();
    assertThat(files()).isEqualTo(5);

    // The same folder, a day later: a process that knows of no stream.
    Clock tomorrow = Clock.fixed(Instant.now().plus(EXPIRY).plusSeconds(60), ZoneOffset.UTC);
    UploadSpool later = spool(tomorrow);
    assertThat(later.countStale()).isEqualTo(2);
    assertThat(files()).as("those with an id").isEqualTo(4);
    assertThat(later.sweep()).isEqualTo(2);
    assertThat(files()).isZero();
  }

  @Test
  void sweep_neverTouchesAnActiveStream() throws IOException {
    Clock tomorrow = Clock.fixed(Instant.now().plus(EXPIRY).plusSeconds(60), ZoneOffset.UTC);
    UploadSpool spool = spool(tomorrow);
    ArtifactUpload active = spool.open(spec(Optional.of(ID), "a"));
    write(active, 0, 10);
    ArtifactUpload withoutId = spool.open(spec(Optional.empty(), "b"));
    write(withoutId, 0, 1000);

    assertThat(spool.sweep()).isZero();
    assertThat(withoutId.file()).hasBinaryContent(BYTES);
    write(active, 10, 990);
    assertThat(active.verify()).isEqualTo(Bytes.content(BYTES));
  }
}
