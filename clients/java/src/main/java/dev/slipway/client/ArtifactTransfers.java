package dev.slipway.client;

import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.Directory;
import dev.slipway.artifact.v1.DownloadChunk;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.ListResponse;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.artifact.v1.UploadState;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves files and folders to and from the artifact service.
 *
 * <p>Uploads declare size and SHA-256, so that content that the service has already is not sent,
 * and what arrives is verified. A cut connection is taken up where it broke, after a wait that
 * grows; bytes that got through start the count of attempts anew. Downloads go to a temporary name,
 * are verified and renamed into place: a file or folder under its final name is whole. Where the
 * service keeps bytes in an object store that can be reached from here, large files go straight to
 * it and from it; through the service otherwise. Parts of large files move several at a time.
 * Memory is a few chunks per file or part that moves, whatever its size.
 *
 * <p>All methods block, throw {@link TransferException} when the service refuses or stays away,
 * other {@link IOException}s for the local disk, and {@link InterruptedException} when the thread
 * is interrupted, after which nothing runs on. Thread-safe.
 */
public final class ArtifactTransfers {
  private static final Logger log = LoggerFactory.getLogger(ArtifactTransfers.class);

  private static final int CHUNK_BYTES = 256 << 10;
  private static final int COPY_BYTES = 256 << 10;
  // So that the next chunks are read while the connection takes the last ones.
  private static final int WRITE_AHEAD_BYTES = 1 << 20;
  private static final int DOWNLOAD_PAGE = 1000;
  // A server may take the connection and then say nothing.
  private static final long UNARY_SECONDS = 60;

  private final ArtifactServiceBlockingV2Stub stub;
  private final TransferOptions options;
  private final TransferSizes sizes;
  // Until it turns out that the service has no store that we reach.
  private volatile boolean direct;

  /** Creates transfers over a channel of the artifact service, with default options. */
  public ArtifactTransfers(Channel channel) {
    this(channel, TransferOptions.DEFAULT);
  }

  /** Creates transfers over a channel of the artifact service. */
  public ArtifactTransfers(Channel channel, TransferOptions options) {
    this(channel, options, TransferSizes.DEFAULT);
  }

  ArtifactTransfers(Channel channel, TransferOptions options, TransferSizes sizes) {
    this.stub = ArtifactServiceGrpc.newBlockingV2Stub(channel);
    this.options = options;
    this.sizes = sizes;
    this.direct = options.direct();
  }

  /** Uploads a file to an artifact path and replaces what is there. */
  public Artifact uploadFile(Path file, String path) throws IOException, InterruptedException {
    return uploadFile(file, path, TransferListener.NONE);
  }

  /** Uploads a file to an artifact path and replaces what is there. */
  public Artifact uploadFile(Path file, String path, TransferListener listener)
      throws IOException, InterruptedException {
    TransferMeter meter = new TransferMeter(listener, 1, Files.size(file));
    return upload(TransferSource.of(file), path, meter);
  }

  /** Uploads bytes to an artifact path and replaces what is there. */
  public Artifact uploadBytes(byte[] bytes, String path) throws IOException, InterruptedException {
    TransferMeter meter = new TransferMeter(TransferListener.NONE, 1, bytes.length);
    return upload(TransferSource.of(bytes.clone()), path, meter);
  }

  /** Uploads a folder, see {@link #uploadFolder(Path, String, TransferListener)}. */
  public UploadedFolder uploadFolder(Path folder, String path)
      throws IOException, InterruptedException {
    return uploadFolder(folder, path, TransferListener.NONE);
  }

  /**
   * Uploads all files below a folder, several at a time, and keeps their names relative to it. The
   * folder itself may be a link; below it links to files are followed, links to folders are not.
   * Not atomic: after a failure some files may be there; a snapshot taken afterwards is. Memory is
   * that of a batch of names, however many files there are.
   *
   * @param path artifact path of the folder; empty for the root
   * @return how much was uploaded
   */
  public UploadedFolder uploadFolder(Path folder, String path, TransferListener listener)
      throws IOException, InterruptedException {
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    // A walk does not follow a link, not even the one that it begins at.
    Path root = folder.toRealPath();
    TransferMeter meter = meter(root, listener);
    LargeFileTurns turns = new LargeFileTurns(options, sizes);
    long count = 0;
    long bytes = 0;
    try (FolderFiles files = new FolderFiles(root)) {
      for (List<Path> batch = files.next(); !batch.isEmpty(); batch = files.next()) {
        List<ParallelTasks.Task<Artifact>> tasks = new ArrayList<>();
        for (Path file : batch) {
          String relative = RelativePath.of(root, file);
          String target = path.isEmpty() ? relative : path + '/' + relative;
          tasks.add(() -> upload(turns, TransferSource.of(file), target, meter));
        }
        for (Artifact artifact : ParallelTasks.run("upload", options.parallelFiles(), tasks)) {
          count++;
          bytes += artifact.getSizeBytes();
        }
      }
    }
    return new UploadedFolder(count, bytes);
  }

  private static TransferMeter meter(Path root, TransferListener listener) throws IOException {
    long count = 0;
    long bytes = 0;
    try (FolderFiles files = new FolderFiles(root)) {
      for (List<Path> batch = files.next(); !batch.isEmpty(); batch = files.next()) {
        count += batch.size();
        for (Path file : batch) {
          bytes += Files.size(file);
        }
      }
    }
    return new TransferMeter(listener, count, bytes);
  }

  private Artifact upload(
      LargeFileTurns turns, TransferSource source, String path, TransferMeter meter)
      throws IOException, InterruptedException {
    return turns.take(source.size(), () -> upload(source, path, meter));
  }

  private Artifact upload(TransferSource source, String path, TransferMeter meter)
      throws IOException, InterruptedException {
    UploadSpec.Builder spec =
        UploadSpec.newBuilder().setPath(path).setSizeBytes(source.size()).setSha256(digest(source));
    TransferMeter.File progress = meter.file(path);
    if (direct && sizes.suitParts(source.size())) {
      try {
        Artifact artifact =
            new DirectUpload(stub, options, sizes, source, spec.build(), progress).run();
        progress.done(source.size());
        return artifact;
      } catch (DirectUpload.UnavailableException e) {
        log.debug("files go through the service from now on", e);
        direct = false;
      }
    }
    // A file of one chunk is sent again as fast as its state is asked for.
    if (source.size() > CHUNK_BYTES) {
      spec.setUploadId(
          options.resumable() ? Digests.nameOf(spec.build()) : UUID.randomUUID().toString());
    }
    return uploadThroughService(source, spec.build(), progress);
  }

  private Artifact uploadThroughService(
      TransferSource source, UploadSpec spec, TransferMeter.File progress)
      throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    while (true) {
      try {
        QueryUploadResponse state =
            retries.failed() || options.resumable()
                ? settled(spec)
                : QueryUploadResponse.getDefaultInstance();
        if (state.getState() == UploadState.UPLOAD_STATE_COMPLETE) {
          progress.done(source.size());
          return state.getArtifact();
        }
        long offset = state.getCommittedSizeBytes();
        progress.at(offset);
        UploadResponse response = uploadFrom(offset, source, spec, progress, retries);
        progress.done(source.size());
        return response.getArtifact();
      } catch (StatusException e) {
        retries.waitOrThrow("upload to " + spec.getPath(), e);
      }
    }
  }

  /**
   * Returns how far an upload came, all zero when it is not known. While the service publishes it,
   * which takes as long as it takes with a large file, waits for that.
   */
  private QueryUploadResponse settled(UploadSpec spec)
      throws StatusException, InterruptedException {
    if (spec.getUploadId().isEmpty()) {
      return QueryUploadResponse.getDefaultInstance();
    }
    QueryUploadRequest request =
        QueryUploadRequest.newBuilder().setUploadId(spec.getUploadId()).build();
    for (int asked = 1; ; asked++) {
      QueryUploadResponse state;
      try {
        state = unary().queryUpload(request);
      } catch (StatusException e) {
        if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
          return QueryUploadResponse.getDefaultInstance();
        }
        throw e;
      }
      if (state.getState() != UploadState.UPLOAD_STATE_FINISHING) {
        return state;
      }
      Thread.sleep(Retries.Backoff.millis(options.firstBackoff(), options.maxBackoff(), asked));
    }
  }

  private ArtifactServiceBlockingV2Stub unary() {
    return stub.withDeadlineAfter(UNARY_SECONDS, TimeUnit.SECONDS);
  }

  private UploadResponse uploadFrom(
      long offset,
      TransferSource source,
      UploadSpec spec,
      TransferMeter.File progress,
      Retries retries)
      throws IOException, StatusException, InterruptedException {
    BlockingClientCall<UploadRequest, UploadResponse> call =
        stub.withOnReadyThreshold(WRITE_AHEAD_BYTES).upload();
    boolean finished = false;
    try (InputStream in = source.open(offset)) {
      boolean open = call.write(UploadRequest.newBuilder().setSpec(spec).build());
      long position = offset;
      while (open && position < source.size()) {
        // Into one array: without it a stream reads in pieces of 8 KiB, which it then joins.
        byte[] bytes = new byte[(int) Math.min(CHUNK_BYTES, source.size() - position)];
        if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
          throw new IOException(source + " became shorter while it was uploaded");
        }
        open = call.write(UploadRequest.newBuilder().setChunk(chunk(position, bytes)).build());
        if (open) {
          position += bytes.length;
          progress.at(position);
          retries.progressed(position);
        }
      }
      call.halfClose();
      UploadResponse response = call.read();
      if (response == null) {
        throw Status.UNAVAILABLE.withDescription("the stream ended without answer").asException();
      }
      finished = true;
      return response;
    } finally {
      if (!finished) {
        call.cancel("given up", null);
      }
    }
  }

  private static UploadChunk chunk(long offset, byte[] bytes) {
    return UploadChunk.newBuilder()
        .setOffset(offset)
        // Nobody else has the array, so it need not be copied.
        .setData(UnsafeByteOperations.unsafeWrap(bytes))
        .setCrc32C(Digests.crc32c(UnsafeByteOperations.unsafeWrap(bytes)))
        .build();
  }

  private static String digest(TransferSource source) throws IOException {
    MessageDigest digest = Digests.newSha256();
    byte[] buffer = new byte[(int) Math.min(COPY_BYTES, source.size())];
    try (InputStream in = source.open(0)) {
      for (long left = source.size(); left > 0; ) {
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
          throw new IOException(source + " became shorter while it was uploaded");
        }
        digest.update(buffer, 0, n);
        left -= n;
      }
    }
    return Digests.hex(digest);
  }

  /**
   * Reads a small artifact into memory.
   *
   * @param maxBytes most bytes to accept; a larger artifact is refused before any is read
   */
  public byte[] readBytes(String path, int maxBytes) throws IOException, InterruptedException {
    DownloadRequest request = DownloadRequest.newBuilder().setPath(path).build();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Artifact unused =
        download(
            request, bytes, maxBytes, new TransferMeter(TransferListener.NONE, 1, 0).file(path));
    return bytes.toByteArray();
  }

  /**
   * Copies an artifact to a stream, in order. What is written is whole and verified when this
   * returns, and not before.
   */
  public Artifact copyTo(OutputStream to, String path) throws IOException, InterruptedException {
    return copyTo(to, path, TransferListener.NONE);
  }

  /** Copies an artifact as {@link #copyTo(OutputStream, String)} does, and tells how far it is. */
  public Artifact copyTo(OutputStream to, String path, TransferListener listener)
      throws IOException, InterruptedException {
    return download(
        DownloadRequest.newBuilder().setPath(path).build(),
        to,
        Long.MAX_VALUE,
        new TransferMeter(listener, 1, 0).file(path));
  }

  /** Downloads an artifact to a file and replaces what is there. */
  public Artifact downloadFile(String path, Path file) throws IOException, InterruptedException {
    return downloadFile(path, file, TransferListener.NONE);
  }

  /**
   * Downloads an artifact to a file and replaces what is there. The folder of the file must exist.
   * With resumable options what came of a large file is kept beside it when this fails, for the
   * next download to the same file, in this process or another.
   */
  public Artifact downloadFile(String path, Path file, TransferListener listener)
      throws IOException, InterruptedException {
    Entry entry =
        retrying(
            "download of " + path,
            () -> unary().stat(StatRequest.newBuilder().setPath(path).build()));
    if (!entry.hasArtifact()) {
      throw new TransferException(
          "download of " + path + " failed: it is a directory",
          Status.Code.FAILED_PRECONDITION,
          null);
    }
    Artifact artifact = entry.getArtifact();
    TransferMeter.File progress =
        new TransferMeter(listener, 1, artifact.getSizeBytes()).file(path);
    if (isKept(artifact)) {
      downloadAndKeep(artifact, file, progress);
      return artifact;
    }
    Path temporary = beside(file);
    try {
      downloadTo(artifact, temporary, progress);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      return artifact;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Downloads a manifest, see {@link #downloadManifest(String, Path, TransferListener)}. */
  public Manifest downloadManifest(String digest, Path folder)
      throws IOException, InterruptedException {
    return downloadManifest(digest, folder, TransferListener.NONE);
  }

  /**
   * Downloads all files of a manifest, several at a time, verifies each and the manifest itself,
   * and renames the folder into place.
   *
   * @param digest the manifest's name, e.g. the package digest of a model version
   * @param folder must not exist; the folder that it lies in must
   * @return the manifest without its entries
   * @throws FileAlreadyExistsException if the folder exists
   */
  public Manifest downloadManifest(String digest, Path folder, TransferListener listener)
      throws IOException, InterruptedException {
    Manifest first = readManifest(digest, "");
    ManifestPages pages = new ManifestPages(digest, first);
    new FolderDownload(options, sizes, folder, ".part-" + digest)
        .run(
            pages,
            new TransferMeter(listener, first.getFileCount(), first.getSizeBytes()),
            this::downloadContent);
    return first.toBuilder().clearEntries().clearNextPageToken().build();
  }

  /** Returns those entries of a manifest that are asked for; the whole is read and verified. */
  List<ManifestEntry> readManifest(String digest, Predicate<ManifestEntry> wanted)
      throws IOException, InterruptedException {
    ManifestPages pages = new ManifestPages(digest, readManifest(digest, ""));
    List<ManifestEntry> entries = new ArrayList<>();
    for (List<ManifestEntry> page = pages.next(); !page.isEmpty(); page = pages.next()) {
      page.stream().filter(wanted).forEach(entries::add);
    }
    return entries;
  }

  /**
   * Downloads files by digest, several at a time, verifies each, and renames the folder into place.
   *
   * @param entries the files, with paths relative to the folder
   * @param folder must not exist; the folder that it lies in must
   * @param bytes sum of their sizes
   */
  void downloadEntries(
      List<ManifestEntry> entries, Path folder, long bytes, TransferListener listener)
      throws IOException, InterruptedException {
    Iterator<ManifestEntry> rest = entries.iterator();
    new FolderDownload(options, sizes, folder, ".part")
        .run(
            () -> {
              List<ManifestEntry> page = new ArrayList<>();
              while (rest.hasNext() && page.size() < DOWNLOAD_PAGE) {
                page.add(rest.next());
              }
              return page;
            },
            new TransferMeter(listener, entries.size(), bytes),
            this::downloadContent);
  }

  private Manifest readManifest(String digest, String pageToken)
      throws IOException, InterruptedException {
    GetManifestRequest request =
        GetManifestRequest.newBuilder().setDigest(digest).setPageToken(pageToken).build();
    Manifest page = retrying("manifest " + digest, () -> unary().getManifest(request));
    if (!page.getDigest().equals(digest)) {
      throw new TransferException(
          "manifest " + digest + " was asked for, and another one came",
          Status.Code.DATA_LOSS,
          null);
    }
    return page;
  }

  /** Is the entries of a manifest, which are verified before the last of them are given. */
  private final class ManifestPages implements FolderDownload.Pages {
    private final MessageDigest read = Digests.newSha256();
    private final String digest;
    private Manifest page;

    ManifestPages(String digest, Manifest first) {
      this.digest = digest;
      this.page = first;
    }

    @Override
    public List<ManifestEntry> next() throws IOException, InterruptedException {
      List<ManifestEntry> entries = List.of();
      // A page may be empty without being the last.
      while (page != null && entries.isEmpty()) {
        entries = page.getEntriesList();
        Digests.addEntries(read, entries);
        String token = page.getNextPageToken();
        if (token.isEmpty() && !Digests.hex(read).equals(digest)) {
          throw new TransferException(
              "the entries of manifest " + digest + " do not have its digest",
              Status.Code.DATA_LOSS,
              null);
        }
        page = token.isEmpty() ? null : readManifest(digest, token);
      }
      return entries;
    }
  }

  /** Downloads a directory, see {@link #downloadFolder(String, Path, TransferListener)}. */
  public void downloadFolder(String path, Path folder) throws IOException, InterruptedException {
    downloadFolder(path, folder, TransferListener.NONE);
  }

  /**
   * Downloads all artifacts below a path, several at a time, verifies each, and renames the folder
   * into place. What changes meanwhile may be seen in either form; for one consistent view snapshot
   * the path and download the manifest.
   *
   * @param path artifact path of a directory; empty for the root
   * @param folder must not exist; the folder that it lies in must
   * @throws TransferException with {@code NOT_FOUND} if there is nothing below the path
   * @throws FileAlreadyExistsException if the folder exists
   */
  public void downloadFolder(String path, Path folder, TransferListener listener)
      throws IOException, InterruptedException {
    Entry entry =
        retrying(
            "stat " + path,
            () -> unary().stat(StatRequest.newBuilder().setPath(path).setWithTotals(true).build()));
    Directory totals = entry.getDirectory();
    if (totals.getFileCount() == 0) {
      throw new TransferException(
          "there is no artifact below " + path, Status.Code.NOT_FOUND, null);
    }
    new FolderDownload(options, sizes, folder, ".part")
        .run(
            new ListPages(path),
            new TransferMeter(listener, totals.getFileCount(), totals.getSizeBytes()),
            this::downloadContent);
  }

  /** Is all files below a directory. */
  private final class ListPages implements FolderDownload.Pages {
    private final String path;
    private String token = "";
    private boolean last;

    ListPages(String path) {
      this.path = path;
    }

    @Override
    public List<ManifestEntry> next() throws IOException, InterruptedException {
      List<ManifestEntry> entries = List.of();
      // A page may be empty without being the last.
      while (!last && entries.isEmpty()) {
        entries = nextPage();
      }
      return entries;
    }

    private List<ManifestEntry> nextPage() throws IOException, InterruptedException {
      ListRequest request =
          ListRequest.newBuilder().setPath(path).setRecursive(true).setPageToken(token).build();
      ListResponse page = retrying("list " + path, () -> unary().list(request));
      token = page.getNextPageToken();
      last = token.isEmpty();
      List<ManifestEntry> entries = new ArrayList<>();
      for (Entry entry : page.getEntriesList()) {
        Artifact artifact = entry.getArtifact();
        entries.add(
            ManifestEntry.newBuilder()
                .setPath(
                    path.isEmpty()
                        ? artifact.getPath()
                        : artifact.getPath().substring(path.length() + 1))
                .setSizeBytes(artifact.getSizeBytes())
                .setSha256(artifact.getSha256())
                .build());
      }
      return entries;
    }
  }

  private void downloadContent(ManifestEntry entry, Path file, TransferMeter.File progress)
      throws IOException, InterruptedException {
    Artifact artifact =
        Artifact.newBuilder()
            .setSha256(entry.getSha256())
            .setSizeBytes(entry.getSizeBytes())
            .build();
    if (isKept(artifact)) {
      downloadAndKeep(artifact, file, progress);
    } else {
      downloadTo(artifact, file, progress);
    }
  }

  private boolean isKept(Artifact artifact) {
    return options.resumable() && sizes.suitRanges(artifact.getSizeBytes());
  }

  /** Downloads large content to a file, and goes on with what came of it before. */
  private void downloadAndKeep(Artifact artifact, Path file, TransferMeter.File progress)
      throws IOException, InterruptedException {
    try (PartFile part = PartFile.open(file, sizes.ranges(artifact))) {
      try {
        downloadKept(artifact, part, progress);
      } catch (TransferException e) {
        if (e.code() == Status.Code.DATA_LOSS) {
          part.discard();
        }
        throw e;
      }
      part.finish();
    }
  }

  /** Begins anew, once, where the damage may be in what came before. */
  private void downloadKept(Artifact artifact, PartFile part, TransferMeter.File progress)
      throws IOException, InterruptedException {
    try {
      downloadRanges(artifact, part.channel(), Optional.of(part), progress);
    } catch (TransferException e) {
      if (e.code() != Status.Code.DATA_LOSS || !part.hadRanges()) {
        throw e;
      }
      part.restart();
      progress.at(0);
      downloadRanges(artifact, part.channel(), Optional.of(part), progress);
    }
  }

  private void downloadRanges(
      Artifact artifact, FileChannel to, Optional<PartFile> kept, TransferMeter.File progress)
      throws IOException, InterruptedException {
    boolean stillDirect =
        new RangedDownload(stub, options, sizes.ranges(artifact), to, kept, progress).run(direct);
    direct = direct && stillDirect;
    progress.done(artifact.getSizeBytes());
  }

  /** Downloads content to a file that is not there yet, and verifies it. */
  private void downloadTo(Artifact artifact, Path file, TransferMeter.File progress)
      throws IOException, InterruptedException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      if (sizes.suitRanges(artifact.getSizeBytes())) {
        downloadRanges(artifact, channel, Optional.empty(), progress);
      } else {
        DownloadRequest request =
            DownloadRequest.newBuilder().setSha256(artifact.getSha256()).build();
        Artifact unused =
            download(request, Channels.newOutputStream(channel), Long.MAX_VALUE, progress);
      }
      channel.force(true);
    }
  }

  private Artifact download(
      DownloadRequest request, OutputStream to, long maxBytes, TransferMeter.File progress)
      throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    Received received = new Received(request.getSha256(), to, maxBytes, progress);
    while (true) {
      try {
        // What was bound to a path when the first byte came stays what is downloaded.
        DownloadRequest rest =
            (received.artifact == null
                    ? request.toBuilder()
                    : request.toBuilder().setSha256(received.artifact.getSha256()))
                .setOffset(received.bytes)
                .build();
        BlockingClientCall<?, DownloadResponse> call = stub.download(rest);
        try {
          for (DownloadResponse next = call.read(); next != null; next = call.read()) {
            received.accept(next);
            retries.progressed(received.bytes);
          }
        } finally {
          call.cancel("done", null);
        }
        received.verify();
        return received.artifact;
      } catch (StatusException e) {
        retries.waitOrThrow("download of " + name(request), e);
      }
    }
  }

  private static String name(DownloadRequest request) {
    return request.hasPath() ? request.getPath() : request.getSha256();
  }

  /** Gathers a download over all its attempts. For one thread. */
  private static final class Received {
    private final String wanted;
    private final OutputStream to;
    private final long maxBytes;
    private final TransferMeter.File progress;
    private final MessageDigest digest = Digests.newSha256();
    private Artifact artifact;
    private long bytes;

    /**
     * Creates it.
     *
     * @param wanted digest that was asked for; empty when a path was
     */
    Received(String wanted, OutputStream to, long maxBytes, TransferMeter.File progress) {
      this.wanted = wanted;
      this.to = to;
      this.maxBytes = maxBytes;
      this.progress = progress;
    }

    void accept(DownloadResponse response) throws IOException, StatusException {
      if (response.hasHeader()) {
        if (artifact == null) {
          artifact = response.getHeader().getArtifact();
          if (!wanted.isEmpty() && !artifact.getSha256().equals(wanted)) {
            throw new TransferException(
                "content " + wanted + " was asked for, and " + artifact.getSha256() + " came",
                Status.Code.DATA_LOSS,
                null);
          }
          if (artifact.getSizeBytes() > maxBytes) {
            throw new TransferException(
                "the artifact has "
                    + artifact.getSizeBytes()
                    + " bytes, above the "
                    + maxBytes
                    + " that the caller accepts",
                Status.Code.RESOURCE_EXHAUSTED,
                null);
          }
          progress.expect(artifact.getSizeBytes());
        }
        return;
      }
      DownloadChunk chunk = response.getChunk();
      if (artifact == null
          || chunk.getOffset() != bytes
          || chunk.getData().size() > artifact.getSizeBytes() - bytes
          || Digests.crc32c(chunk.getData()) != chunk.getCrc32C()) {
        // Damaged on the way: ask again from the last good byte.
        throw Status.UNAVAILABLE.withDescription("a chunk was damaged").asException();
      }
      chunk.getData().writeTo(to);
      chunk.getData().asReadOnlyByteBufferList().forEach(digest::update);
      bytes += chunk.getData().size();
      progress.at(bytes);
    }

    void verify() throws IOException, StatusException {
      if (artifact == null || bytes < artifact.getSizeBytes()) {
        throw Status.UNAVAILABLE.withDescription("the stream ended early").asException();
      }
      if (!Digests.hex(digest).equals(artifact.getSha256())) {
        throw new TransferException(
            "what was downloaded does not have the digest " + artifact.getSha256(),
            Status.Code.DATA_LOSS,
            null);
      }
      progress.done(bytes);
    }
  }

  /** Is a call that may be made again. */
  interface Call<T> {
    T make() throws StatusException;
  }

  /** Makes a call, and makes it again while the reason of its failure may pass. */
  <T> T retrying(String what, Call<T> call) throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    while (true) {
      try {
        return call.make();
      } catch (StatusException e) {
        retries.waitOrThrow(what, e);
      }
    }
  }

  private static Path beside(Path target) {
    Path name = target.toAbsolutePath().getFileName();
    return target.toAbsolutePath().resolveSibling("." + name + ".part-" + UUID.randomUUID());
  }
}
