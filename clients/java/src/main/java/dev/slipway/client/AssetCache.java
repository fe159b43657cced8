package dev.slipway.client;

import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceBlockingV2Stub;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.ResolveAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetResponse;
import io.grpc.Channel;
import io.grpc.Status;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Gives versioned assets as local files, and keeps them for the next time.
 *
 * <p>Specs are {@code name[:version][[part]]}. A complete version that is kept is used without
 * asking the service, so also while that is away; what a partial one means is asked each time. Of a
 * part only its files are fetched. Files are verified by digest and appear by a rename; equal
 * content is kept once. When the bound is reached what was not used for longest goes, but never
 * what anybody has open.
 *
 * <p>Any number of threads and processes may use one folder at a time: of those who want the same
 * asset one fetches it, the others wait. The folder must be on a file system with locks. All
 * methods block, throw {@link TransferException} when the service refuses or stays away, other
 * {@link IOException}s for the local disk, and {@link InterruptedException} when the thread is
 * interrupted. Thread-safe.
 */
public final class AssetCache implements Closeable {
  // Most entries of an answer: there may be more.
  private static final int ANSWERED_ENTRIES = 1000;
  private static final long UNARY_SECONDS = 60;

  private final AssetServiceBlockingV2Stub assets;
  private final ArtifactTransfers transfers;
  private final AssetCacheOptions options;
  private final CacheFolder folder;

  /**
   * Opens a cache over a channel of the artifact service.
   *
   * @throws IOException if the folder cannot be made or written
   */
  public AssetCache(Channel channel, AssetCacheOptions options) throws IOException {
    this(channel, options, TransferOptions.DEFAULT);
  }

  /**
   * Opens a cache over a channel of the artifact service.
   *
   * @throws IOException if the folder cannot be made or written
   */
  public AssetCache(Channel channel, AssetCacheOptions options, TransferOptions transferOptions)
      throws IOException {
    this.assets = AssetServiceGrpc.newBlockingV2Stub(channel);
    this.transfers = new ArtifactTransfers(channel, transferOptions);
    this.options = options;
    this.folder = new CacheFolder(options);
  }

  /** Returns an asset, see {@link #fetch(String, TransferListener)}. */
  public CachedAsset fetch(String spec) throws IOException, InterruptedException {
    return fetch(spec, TransferListener.NONE);
  }

  /**
   * Returns an asset, or a part of one, as a local file or folder; fetches it when it is not kept.
   * The caller closes it when it needs the files no more.
   *
   * @param spec {@code name[:version][[part]]}
   * @throws IllegalArgumentException if the spec is malformed
   * @throws AssetCacheFullException if there is no room beside what is in use
   * @throws TransferException with {@code NOT_FOUND} if there is no such asset, version or part
   * @throws NoSuchFileException if an override does not exist
   */
  public CachedAsset fetch(String spec, TransferListener listener)
      throws IOException, InterruptedException {
    AssetSpec parsed = AssetSpec.parse(spec);
    Path override = options.overrides().get(parsed.name());
    if (override != null) {
      return overridden(override, parsed.part());
    }
    if (parsed.isComplete()) {
      Optional<CachedAsset> kept = findKept(parsed);
      if (kept.isPresent()) {
        return kept.get();
      }
    }
    ResolveAssetRequest request = ResolveAssetRequest.newBuilder().setSpec(spec).build();
    ResolveAssetResponse resolved =
        transfers.retrying(
            "asset " + spec,
            () -> assets.withDeadlineAfter(UNARY_SECONDS, TimeUnit.SECONDS).resolveAsset(request));
    check(resolved, parsed);
    return resolved.getPart().isEmpty()
        ? fetchWhole(resolved, listener)
        : fetchPart(resolved, listener);
  }

  /** Refuses an answer that is none to the question; what it says becomes names of files. */
  private static void check(ResolveAssetResponse resolved, AssetSpec asked)
      throws TransferException {
    String part = resolved.getPart();
    if (!Digests.isSha256(resolved.getVersion().getManifestDigest())
        || !part.equals(asked.part())
        || resolved.getEntriesCount() == 0
        || !(part.isEmpty()
            || resolved.getEntriesList().stream().allMatch(e -> isOfPart(e.getPath(), part)))) {
      throw new TransferException(
          "asset " + asked.text() + " failed: the answer names no such files",
          Status.Code.DATA_LOSS,
          null);
    }
  }

  private static CachedAsset overridden(Path override, String part) throws IOException {
    Path path = part.isEmpty() ? override : FolderDownload.inside(override, part);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString(), null, "of an override");
    }
    return new CachedAsset(path, Optional.empty(), true, () -> {});
  }

  /** Finds what is kept under the very name of a version, or inside the whole of it. */
  private Optional<CachedAsset> findKept(AssetSpec spec) throws IOException, InterruptedException {
    Optional<CacheRef> own = folder.findRef(refName(spec.name(), spec.version(), spec.part()));
    if (own.isPresent()) {
      Optional<CacheFolder.Use> use = folder.find(own.get().digest());
      if (use.isPresent()) {
        return Optional.of(keptOrClosed(use.get(), own.get().path(), own.get().version()));
      }
    }
    if (spec.part().isEmpty()) {
      return Optional.empty();
    }
    Optional<CacheRef> whole = folder.findRef(refName(spec.name(), spec.version(), ""));
    return whole.isPresent() && whole.get().version().getIsDirectory()
        ? findInside(whole.get().version(), spec.part())
        : Optional.empty();
  }

  private Optional<CachedAsset> findInside(AssetVersion version, String part)
      throws IOException, InterruptedException {
    Optional<CacheFolder.Use> whole = folder.find(version.getManifestDigest());
    if (whole.isEmpty()) {
      return Optional.empty();
    }
    boolean done = false;
    try {
      done = Files.exists(FolderDownload.inside(whole.get().files(), part));
    } finally {
      if (!done) {
        whole.get().close();
      }
    }
    return done ? Optional.of(keptOrClosed(whole.get(), part, version)) : Optional.empty();
  }

  /** Gives what is kept to the caller, or closes it when it cannot. */
  private static CachedAsset keptOrClosed(CacheFolder.Use use, String path, AssetVersion version)
      throws IOException {
    boolean done = false;
    try {
      CachedAsset asset = kept(use, path, version);
      done = true;
      return asset;
    } finally {
      if (!done) {
        use.close();
      }
    }
  }

  private static CachedAsset kept(CacheFolder.Use use, String path, AssetVersion version)
      throws IOException {
    Path files = use.files();
    return new CachedAsset(
        path.isEmpty() ? files : FolderDownload.inside(files, path),
        Optional.of(version),
        !use.made(),
        use);
  }

  private CachedAsset fetchWhole(ResolveAssetResponse resolved, TransferListener listener)
      throws IOException, InterruptedException {
    AssetVersion version = resolved.getVersion();
    String digest = version.getManifestDigest();
    String path = version.getIsDirectory() ? "" : resolved.getEntries(0).getPath();
    return make(
        version,
        "",
        new CacheRef(digest, path, version),
        version.getSizeBytes(),
        to -> transfers.downloadManifest(digest, to, listener));
  }

  private CachedAsset fetchPart(ResolveAssetResponse resolved, TransferListener listener)
      throws IOException, InterruptedException {
    AssetVersion version = resolved.getVersion();
    Optional<CachedAsset> inside = findInside(version, resolved.getPart());
    if (inside.isPresent()) {
      return inside.get();
    }
    List<ManifestEntry> entries = entriesOfPart(resolved);
    boolean file =
        entries.size() == 1 && resolved.getEntries(0).getPath().equals(resolved.getPart());
    long bytes = entries.stream().mapToLong(ManifestEntry::getSizeBytes).sum();
    return make(
        version,
        resolved.getPart(),
        new CacheRef(Digests.manifest(entries), file ? entries.get(0).getPath() : "", version),
        bytes,
        to -> transfers.downloadEntries(entries, to, bytes, listener));
  }

  /** Returns the files of a part, with paths relative to it, or with its name if it is a file. */
  private List<ManifestEntry> entriesOfPart(ResolveAssetResponse resolved)
      throws IOException, InterruptedException {
    String part = resolved.getPart();
    List<ManifestEntry> all = resolved.getEntriesList();
    if (all.size() >= ANSWERED_ENTRIES) {
      all =
          transfers.readManifest(
              resolved.getVersion().getManifestDigest(), entry -> isOfPart(entry.getPath(), part));
    }
    List<ManifestEntry> entries = new ArrayList<>();
    for (ManifestEntry entry : all) {
      String path = entry.getPath();
      if (path.equals(part)) {
        String name = part.substring(part.lastIndexOf('/') + 1);
        entries.add(entry.toBuilder().setPath(name).build());
      } else {
        entries.add(entry.toBuilder().setPath(path.substring(part.length() + 1)).build());
      }
    }
    return entries;
  }

  private static boolean isOfPart(String path, String part) {
    return path.equals(part) || path.startsWith(part + '/');
  }

  private CachedAsset make(
      AssetVersion version, String part, CacheRef ref, long bytes, CacheFolder.Maker maker)
      throws IOException, InterruptedException {
    CacheFolder.Use use = folder.findOrMake(ref.digest(), bytes, maker);
    boolean done = false;
    try {
      folder.saveRef(refName(version.getName(), version.getVersion(), part), ref);
      CachedAsset asset = kept(use, ref.path(), version);
      done = true;
      return asset;
    } finally {
      if (!done) {
        use.close();
      }
    }
  }

  /** Names what is kept; another service may have another content under the same name. */
  private String refName(String name, String version, String part) {
    return String.join("\n", assets.getChannel().authority(), name, version, part);
  }

  /** Lets go of the folder; what is open stays so. Idempotent. */
  @Override
  public void close() throws IOException {
    folder.close();
  }
}
