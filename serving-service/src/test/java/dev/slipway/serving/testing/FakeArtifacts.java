package dev.slipway.serving.testing;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceImplBase;
import dev.slipway.artifact.v1.DownloadChunk;
import dev.slipway.artifact.v1.DownloadHeader;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.engine.packaging.PackageDigest;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Packages in memory, with faults on demand. */
public final class FakeArtifacts extends ArtifactServiceImplBase {
  private final Map<String, Manifest> manifests = new ConcurrentHashMap<>();
  private final Map<String, ByteString> blobs = new ConcurrentHashMap<>();

  /** Downloads begun. */
  public final AtomicInteger downloads = new AtomicInteger();

  /** So many of the next downloads carry a wrong byte. */
  public final AtomicInteger corruptNext = new AtomicInteger();

  /** So many of the next downloads stop after their first message without ending. */
  public final AtomicInteger stallNext = new AtomicInteger();

  /** Whether the service is away. */
  public volatile boolean away;

  /** Takes a package over and returns its digest. */
  public String put(Path folder) {
    PackageDigest digest = PackageDigest.of(folder);
    Manifest.Builder manifest = Manifest.newBuilder().setDigest(digest.hex());
    for (PackageDigest.Entry entry : digest.entries()) {
      manifest.addEntries(
          ManifestEntry.newBuilder()
              .setPath(entry.path())
              .setSizeBytes(entry.sizeBytes())
              .setSha256(entry.sha256()));
      try {
        blobs.put(
            entry.sha256(), ByteString.copyFrom(Files.readAllBytes(folder.resolve(entry.path()))));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    manifests.put(digest.hex(), manifest.build());
    return digest.hex();
  }

  /** Forgets a package's bytes. */
  public void lose(String digest) {
    manifests.remove(digest);
  }

  @Override
  public void getManifest(GetManifestRequest request, StreamObserver<Manifest> out) {
    Manifest manifest = manifests.get(request.getDigest());
    if (away) {
      out.onError(Status.UNAVAILABLE.asRuntimeException());
    } else if (manifest == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
    } else {
      out.onNext(manifest);
      out.onCompleted();
    }
  }

  @Override
  public void download(DownloadRequest request, StreamObserver<DownloadResponse> out) {
    downloads.incrementAndGet();
    if (away) {
      out.onError(Status.UNAVAILABLE.asRuntimeException());
      return;
    }
    ByteString data = blobs.get(request.getSha256());
    if (corruptNext.getAndUpdate(left -> Math.max(0, left - 1)) > 0 && !data.isEmpty()) {
      byte[] damaged = data.toByteArray();
      damaged[0] ^= 1;
      data = ByteString.copyFrom(damaged);
    }
    out.onNext(
        DownloadResponse.newBuilder()
            .setHeader(DownloadHeader.newBuilder().setArtifact(Artifact.getDefaultInstance()))
            .build());
    if (stallNext.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      return;
    }
    for (int from = 0; from < data.size(); from += 1000) {
      ByteString part = data.substring(from, Math.min(data.size(), from + 1000));
      out.onNext(
          DownloadResponse.newBuilder()
              .setChunk(DownloadChunk.newBuilder().setOffset(from).setData(part))
              .build());
    }
    out.onCompleted();
  }
}
