package dev.slipway.client;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.slipway.artifact.v1.AssetVersion;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Is what the cache knows of a version, or of a part of one.
 *
 * @param digest names the set of files
 * @param path what is meant inside the set: the name of its one file; empty for the folder
 * @param version the version
 */
record CacheRef(String digest, String path, AssetVersion version) {
  static Optional<CacheRef> read(Path file) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      String digest = in.readUTF();
      String path = in.readUTF();
      byte[] message = in.readNBytes(Math.max(0, in.readInt()));
      AssetVersion version = AssetVersion.parseFrom(message);
      return Digests.isSha256(digest) && message.length == version.getSerializedSize()
          ? Optional.of(new CacheRef(digest, path, version))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (EOFException | UTFDataFormatException | InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  void write(Path file) throws IOException {
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeUTF(digest);
      out.writeUTF(path);
      out.writeInt(version.getSerializedSize());
      version.writeTo(out);
    }
  }
}
