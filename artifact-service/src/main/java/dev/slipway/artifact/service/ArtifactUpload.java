package dev.slipway.artifact.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.artifact.blob.Disk;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentTypes;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.ChunkChecksumMismatchException;
import dev.slipway.artifact.upload.OffsetMismatchException;
import dev.slipway.artifact.upload.SizeMismatchException;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.upload.UploadTakenOverException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Is one stream's hold on a file of the spool, into which it brings an upload, from the first byte
 * or from where an earlier stream ended.
 *
 * <p>The stream's thread writes; another may take the upload over at any time, after which every
 * call of the stream fails. Every byte is digested once; when a stream resumes, what is there
 * already is read again for it. Thread-safe.
 */
public final class ArtifactUpload {
  private static final int REREAD_BYTES = 256 << 10;
  private static final int COPY_BYTES = 8 << 20;

  private enum State {
    OPEN,
    FINISHING,
    CLOSED
  }

  private final UploadSpec spec;
  private final Path file;

  @GuardedBy("this")
  private FileChannel channel;

  // Set by the one who waits for the lock, so that its holder soon lets go of it.
  private volatile boolean superseded;

  @GuardedBy("this")
  private MessageDigest digest = Sha256.newDigest();

  @GuardedBy("this")
  private long digestedBytes;

  @GuardedBy("this")
  private long committedBytes;

  @GuardedBy("this")
  private boolean anyChunk;

  // Changed under the lock; read without it by those who must not wait while a file is read again.
  private volatile State state = State.OPEN;

  ArtifactUpload(UploadSpec spec, Path file) throws IOException {
    this.spec = spec;
    this.file = file;
    this.channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    this.committedBytes = channel.size();
  }

  /** Returns what this upload is to become. */
  public UploadSpec spec() {
    return spec;
  }

  /** Returns how many bytes there are; the next chunk may begin here. */
  public synchronized long committedBytes() {
    return committedBytes;
  }

  Path file() {
    return file;
  }

  /**
   * Adds a chunk.
   *
   * @param offset the end of what is there; the first chunk of a stream may begin earlier, and
   *     replaces what lies behind
   * @param data the bytes; their positions are left as they are
   * @param crc32c CRC-32C of the data, checked when given; the digest of the whole is checked in
   *     any case
   * @throws UploadTakenOverException if another stream has taken the upload over
   * @throws OffsetMismatchException if the chunk leaves a gap or repeats bytes
   * @throws ChunkChecksumMismatchException if the data does not have the checksum
   * @throws SizeMismatchException if there are then more bytes than declared
   */
  public synchronized void write(long offset, List<ByteBuffer> data, OptionalInt crc32c) {
    requireOpen();
    boolean rewinds = !anyChunk && offset < committedBytes;
    if (offset != committedBytes && !rewinds) {
      throw new OffsetMismatchException(committedBytes, offset);
    }
    long length = data.stream().mapToLong(ByteBuffer::remaining).sum();
    if (crc32c.isPresent() && crc32c.getAsInt() != crc32c(data)) {
      throw new ChunkChecksumMismatchException(offset);
    }
    if (spec.sizeBytes().isPresent() && offset + length > spec.sizeBytes().getAsLong()) {
      throw new SizeMismatchException(spec.sizeBytes().getAsLong(), offset + length);
    }
    try {
      if (!anyChunk) {
        workOnOwnBytes(offset);
      }
      if (rewinds) {
        channel.truncate(offset);
        committedBytes = offset;
      }
      digestWhatIsThere();
      append(data);
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    anyChunk = true;
  }

  private static int crc32c(List<ByteBuffer> data) {
    CRC32C crc = new CRC32C();
    data.forEach(piece -> crc.update(piece.duplicate()));
    return (int) crc.getValue();
  }

  /**
   * Where an earlier stream brought the whole file and then failed to publish it, the store may
   * have these very bytes, and somebody else their content: from here on the file is a copy.
   */
  @GuardedBy("this")
  private void workOnOwnBytes(long length) throws IOException {
    if (!Disk.isShared(file)) {
      return;
    }
    Path copy = file.resolveSibling('~' + UUID.randomUUID().toString() + ".part");
    FileChannel fresh =
        FileChannel.open(
            copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      for (long done = 0; done < length; ) {
        requireNotSuperseded();
        long n = channel.transferTo(done, Math.min(COPY_BYTES, length - done), fresh);
        if (n <= 0) {
          throw new IOException("the file of the upload became shorter");
        }
        done += n;
      }
      Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      fresh.close();
      Files.deleteIfExists(copy);
      throw e;
    }
    channel.close();
    channel = fresh;
    committedBytes = length;
  }

  @GuardedBy("this")
  private void append(List<ByteBuffer> data) throws IOException {
    long position = committedBytes;
    for (ByteBuffer piece : data) {
      ByteBuffer toWrite = piece.duplicate();
      while (toWrite.hasRemaining()) {
        position += channel.write(toWrite, position);
      }
    }
    for (ByteBuffer piece : data) {
      digest.update(piece.duplicate());
    }
    committedBytes = position;
    digestedBytes = position;
  }

  @GuardedBy("this")
  private void digestWhatIsThere() throws IOException {
    if (digestedBytes == committedBytes) {
      return;
    }
    ByteBuffer buffer = ByteBuffer.allocate(REREAD_BYTES);
    while (digestedBytes < committedBytes) {
      requireNotSuperseded();
      buffer.clear().limit((int) Math.min(buffer.capacity(), committedBytes - digestedBytes));
      int n = channel.read(buffer, digestedBytes);
      if (n < 0) {
        throw new IOException("the file of the upload became shorter");
      }
      digest.update(buffer.flip());
      digestedBytes += n;
    }
  }

  /**
   * Ends writing and verifies the whole; from now on nobody can take the upload over.
   *
   * @throws UploadTakenOverException if another stream has taken the upload over
   * @throws SizeMismatchException if the size is not the declared one
   * @throws dev.slipway.artifact.upload.DigestMismatchException if the digest is not the declared
   *     one
   */
  synchronized Content verify() {
    requireOpen();
    spec.requireSize(committedBytes);
    try {
      digestWhatIsThere();
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    Sha256 sha256 = Sha256.of(digest);
    digestedBytes = 0;
    spec.requireDigest(sha256);
    state = State.FINISHING;
    return new Content(sha256, committedBytes);
  }

  /** Returns the media type: as declared, else by the name, else by the first bytes. */
  synchronized String contentType() {
    return spec.contentType()
        .or(() -> ContentTypes.ofName(spec.path().name()))
        .orElseGet(this::sniff);
  }

  private synchronized String sniff() {
    ByteBuffer head = ByteBuffer.allocate(ContentTypes.HEAD_BYTES);
    try {
      for (int n = 0; n >= 0 && head.hasRemaining(); ) {
        n = channel.read(head, head.position());
      }
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    byte[] bytes = new byte[head.flip().remaining()];
    head.get(bytes);
    return ContentTypes.ofBytes(bytes);
  }

  /**
   * Makes every further call of the stream fail, and the one that is reading soon; returns false
   * when it is too late for that.
   */
  boolean takeOver() {
    superseded = true;
    synchronized (this) {
      if (state == State.FINISHING) {
        return false;
      }
      close();
      return true;
    }
  }

  /** Returns whether the file is whole and just being published. */
  boolean isFinishing() {
    return state == State.FINISHING;
  }

  /** Gives the file back; the bytes stay. Idempotent. */
  synchronized void close() {
    state = State.CLOSED;
    try {
      channel.close();
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  void deleteFile() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  @GuardedBy("this")
  private void requireOpen() {
    if (state != State.OPEN) {
      throw new UploadTakenOverException(spec.displayName());
    }
  }

  private void requireNotSuperseded() {
    if (superseded) {
      throw new UploadTakenOverException(spec.displayName());
    }
  }
}
