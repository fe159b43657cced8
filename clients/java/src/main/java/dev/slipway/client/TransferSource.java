package dev.slipway.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Is what is uploaded; may be opened more than once, by several threads at a time. */
interface TransferSource {
  long size();

  /** Opens it at an offset; the caller closes. */
  InputStream open(long offset) throws IOException;

  static TransferSource of(Path file) throws IOException {
    return new OfFile(file, Files.size(file));
  }

  static TransferSource of(byte[] bytes) {
    return new OfBytes(bytes);
  }

  /** Is a file, as long as it was when the transfer began. */
  record OfFile(Path file, long size) implements TransferSource {
    @Override
    public InputStream open(long offset) throws IOException {
      return Channels.newInputStream(
          FileChannel.open(file, StandardOpenOption.READ).position(offset));
    }

    @Override
    public String toString() {
      return file.toString();
    }
  }

  /** Is bytes that nobody changes. */
  final class OfBytes implements TransferSource {
    private final byte[] bytes;

    private OfBytes(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public InputStream open(long offset) {
      return new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
    }

    @Override
    public String toString() {
      return bytes.length + " bytes";
    }
  }
}
