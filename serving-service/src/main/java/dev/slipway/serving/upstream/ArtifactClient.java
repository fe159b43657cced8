package dev.slipway.serving.upstream;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.PackageDigest;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** Fetches manifests and files from the artifact service. Thread-safe; every call blocks. */
final class ArtifactClient {
  private static final int PAGE = 1_000;
  private static final long MANIFEST_SECONDS = 30;

  /** A whole file must come within this time, however slowly. */
  private static final long FILE_MINUTES = 60;

  private final Channel channel;
  private final ScheduledExecutorService timer;
  private final Duration longestSilence;

  /**
   * Creates a client.
   *
   * @param timer where silence is noticed; stays the caller's
   * @param longestSilence a download of which nothing comes for this time is given up
   */
  ArtifactClient(Channel channel, ScheduledExecutorService timer, Duration longestSilence) {
    this.channel = channel;
    this.timer = timer;
    this.longestSilence = longestSilence;
  }

  /**
   * Fetches a manifest and checks that it has the digest asked for.
   *
   * @throws PackageMissingException if there is no such manifest, or it is not what its digest says
   * @throws PackageUnavailableException if the artifact service does not answer
   */
  PackageDigest getManifest(String digest) {
    List<PackageDigest.Entry> files = new ArrayList<>();
    String pageToken = "";
    try {
      do {
        Manifest page =
            ArtifactServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(MANIFEST_SECONDS, TimeUnit.SECONDS)
                .getManifest(
                    GetManifestRequest.newBuilder()
                        .setDigest(digest)
                        .setPageSize(PAGE)
                        .setPageToken(pageToken)
                        .build());
        for (ManifestEntry entry : page.getEntriesList()) {
          files.add(
              new PackageDigest.Entry(entry.getPath(), entry.getSizeBytes(), entry.getSha256()));
        }
        pageToken = page.getNextPageToken();
      } while (!pageToken.isEmpty());
      PackageDigest manifest = new PackageDigest(files);
      if (!manifest.hex().equals(digest)) {
        throw new PackageMissingException(digest, "its manifest has another digest");
      }
      return manifest;
    } catch (StatusRuntimeException e) {
      throw translate(digest, "its manifest", e);
    } catch (ModelPackageException e) {
      throw new PackageMissingException(digest, "its manifest is malformed: " + e.getMessage());
    }
  }

  /**
   * Fetches a file by the digest of its bytes into a new file, and makes it durable.
   *
   * @return whether the bytes that came have the digest and the size; if not, the file is worthless
   * @throws PackageMissingException if there are no such bytes
   * @throws PackageUnavailableException if the artifact service does not answer
   */
  boolean download(String packageDigest, PackageDigest.Entry file, Path target) throws IOException {
    MessageDigest sha256 = newSha256();
    long received = 0;
    Context.CancellableContext context = Context.current().withCancellation();
    AtomicLong heard = new AtomicLong(System.nanoTime());
    long silence = longestSilence.toNanos();
    Future<?> watch =
        timer.scheduleWithFixedDelay(
            () -> {
              if (System.nanoTime() - heard.get() > silence) {
                context.cancel(new TimeoutException("nothing came for " + longestSilence));
              }
            },
            silence,
            Math.max(1, silence / 4),
            TimeUnit.NANOSECONDS);
    try (FileChannel out =
        FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Iterator<DownloadResponse> responses =
          context.call(
              () ->
                  ArtifactServiceGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(FILE_MINUTES, TimeUnit.MINUTES)
                      .download(DownloadRequest.newBuilder().setSha256(file.sha256()).build()));
      while (responses.hasNext()) {
        DownloadResponse response = responses.next();
        heard.set(System.nanoTime());
        if (response.hasChunk()) {
          ByteString data = response.getChunk().getData();
          received += data.size();
          if (received > file.sizeBytes()) {
            return false;
          }
          for (ByteBuffer piece : data.asReadOnlyByteBufferList()) {
            sha256.update(piece.duplicate());
            while (piece.hasRemaining()) {
              out.write(piece);
            }
          }
        }
      }
      out.force(true);
    } catch (StatusRuntimeException e) {
      if (context.isCancelled()) {
        throw new PackageUnavailableException(
            packageDigest,
            "nothing of " + file.path() + " came for " + longestSilence.toSeconds() + " s",
            e);
      }
      throw translate(packageDigest, file.path(), e);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("opening a call throws nothing checked", e);
    } finally {
      watch.cancel(false);
      // Ends a download that was left early; does nothing to one that ended.
      context.cancel(null);
    }
    return received == file.sizeBytes()
        && HexFormat.of().formatHex(sha256.digest()).equals(file.sha256());
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static RuntimeException translate(String digest, String what, StatusRuntimeException e) {
    Status status = e.getStatus();
    return switch (status.getCode()) {
      case NOT_FOUND ->
          new PackageMissingException(digest, "the artifact service does not have " + what);
      case DATA_LOSS -> new PackageMissingException(digest, "the artifact service lost " + what);
      case INVALID_ARGUMENT, UNIMPLEMENTED ->
          new PackageMissingException(digest, "the artifact service refuses " + what);
      default ->
          new PackageUnavailableException(
              digest, "the artifact service answers " + status.getCode() + " for " + what, e);
    };
  }
}
