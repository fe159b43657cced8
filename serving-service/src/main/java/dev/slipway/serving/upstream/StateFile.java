package dev.slipway.serving.upstream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is replaced as a whole: a magic number, the format's version, the length and the
 * CRC-32C of the rest; then that. One that is damaged, or of another version, is passed over with a
 * warning. To be written by one thread at a time; every call blocks.
 */
final class StateFile {
  private static final Logger log = LoggerFactory.getLogger(StateFile.class);

  private static final int FORMAT = 1;
  private static final int HEADER_BYTES = 4 + 4 + 4 + 4;

  private final Path file;
  private final Path temporary;
  private final int magic;

  /**
   * Creates it; nothing is read or written yet.
   *
   * @param file lies in an existing folder that no other server uses
   * @param magic tells files of this kind from others
   */
  StateFile(Path file, int magic) {
    this.file = file;
    this.temporary = file.resolveSibling(file.getFileName() + ".new");
    this.magic = magic;
  }

  /** Reads what a body says. */
  interface Reader<T> {
    /**
     * Reads a body whose checksum is right.
     *
     * @throws IOException if it is malformed all the same
     * @throws IllegalArgumentException if it is malformed all the same
     */
    T read(ByteBuffer body) throws IOException;
  }

  /** Reads the file; empty if there is none that can be read, of which the log tells. */
  <T> Optional<T> read(Reader<T> reader) {
    try {
      return Optional.of(reader.read(body(Files.readAllBytes(file))));
    } catch (NoSuchFileException e) {
      log.debug("there is no {}", file, e);
    } catch (DamagedException e) {
      log.warn("passing over {}: {}", file, e.getMessage());
    } catch (IllegalArgumentException e) {
      log.warn("passing over {}: it cannot be read: {}", file, e.getMessage());
    } catch (IOException e) {
      log.warn("cannot read {}", file, e);
    }
    return Optional.empty();
  }

  private ByteBuffer body(byte[] content) throws DamagedException {
    ByteBuffer bytes = ByteBuffer.wrap(content);
    if (content.length < HEADER_BYTES || bytes.getInt() != magic) {
      throw new DamagedException("it is no such file");
    }
    int format = bytes.getInt();
    if (format != FORMAT) {
      throw new DamagedException("it has format " + format + ", and this server reads " + FORMAT);
    }
    int length = bytes.getInt();
    int crc = bytes.getInt();
    if (length != bytes.remaining() || crc != crc(bytes.slice())) {
      throw new DamagedException("its bytes are damaged");
    }
    return bytes.slice();
  }

  /**
   * Replaces the file; a failure is logged.
   *
   * @return whether the body is on disk
   */
  boolean write(byte[] body) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.putInt(magic).putInt(FORMAT).putInt(body.length).putInt(crc(ByteBuffer.wrap(body)));
    try (FileChannel out =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeFully(out, header.flip());
      writeFully(out, ByteBuffer.wrap(body));
      out.force(true);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (IOException e) {
      log.warn("cannot write {}", file, e);
      return false;
    }
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Says why a file is passed over. */
  private static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedException(String message) {
      super(message);
    }
  }
}
