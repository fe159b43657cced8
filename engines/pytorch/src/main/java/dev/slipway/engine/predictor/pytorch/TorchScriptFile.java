package dev.slipway.engine.predictor.pytorch;

import dev.slipway.engine.error.ModelPackageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The archive that {@code torch.jit.save} and {@code torch.save} write: a zip with one folder,
 * which holds {@code data.pkl} and the tensors, and for TorchScript {@code constants.pkl} and the
 * program under {@code code/}.
 *
 * @param path the file
 * @param isTorchScript whether it holds a program, and not pickled Python
 */
record TorchScriptFile(Path path, boolean isTorchScript) {

  private static final int CHUNK_BYTES = 1 << 16;

  /** Tells, by the names in the archive, whether a file is TorchScript. */
  static boolean isTorchScript(Path path) {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      return hasProgram(zip);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean hasProgram(ZipFile zip) {
    return zip.stream().map(ZipEntry::getName).anyMatch(name -> name.endsWith("/constants.pkl"));
  }

  /**
   * Reads a file to its end and compares all checksums, so that libtorch is given none that was cut
   * off or whose bytes changed.
   *
   * @param name what to call it in messages
   * @throws ModelPackageException if it is no such archive, or is damaged
   */
  static TorchScriptFile check(Path path, String name) {
    if (!isArchive(path, name)) {
      // What torch.save wrote before 1.6.
      return new TorchScriptFile(path, false);
    }
    try (ZipFile zip = new ZipFile(path.toFile())) {
      byte[] chunk = new byte[CHUNK_BYTES];
      for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
        ZipEntry entry = entries.nextElement();
        if (crc(zip, entry, chunk) != entry.getCrc()) {
          throw new ModelPackageException(
              name
                  + " is damaged: "
                  + entry.getName()
                  + " does not have the checksum noted for it");
        }
      }
      return new TorchScriptFile(path, hasProgram(zip));
    } catch (ZipException e) {
      throw new ModelPackageException(name + " is damaged, or was cut off: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + name + ": " + e, e);
    }
  }

  private static boolean isArchive(Path path, String name) {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] start = in.readNBytes(2);
      if (start.length == 0) {
        throw new ModelPackageException(name + " is empty");
      }
      return start.length == 2 && start[0] == 'P' && start[1] == 'K';
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + name + ": " + e, e);
    }
  }

  private static long crc(ZipFile zip, ZipEntry entry, byte[] chunk) throws IOException {
    CRC32 crc = new CRC32();
    try (InputStream in = zip.getInputStream(entry)) {
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        crc.update(chunk, 0, read);
      }
    }
    return crc.getValue();
  }
}
