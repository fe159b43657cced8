package dev.slipway.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
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
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.artifact.v1.UploadState;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.ByteArrayInputStream;
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
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Moves files and folders to and from the artifact service.
 *
 * <p>Uploads declare size and SHA-256, so that content that the service has already is not sent,
 * and what arrives is verified. A cut connection is taken up where it broke, after a wait that
 * grows; bytes that got through start the count of attempts anew. Downloads go to a temporary name,
 * are verified and renamed into place: a file or folder under its final name is whole. Memory is a
 * few chunks per file that moves, whatever its size.
 *
 * <p>All methods block, throw {@link TransferException} when the service refuses or stays away,
 * other {@link IOException}s for the local disk, and {@link InterruptedException} when the thread
 * is interrupted, after which nothing runs on. Thread-safe.
 */
public final class ArtifactTransfers {
  private static final int CHUNK_BYTES = 256 << 10;
  private static final int COPY_BYTES = 256 << 10;
  // A server may take the connection and then say nothing.
  private static final long UNARY_SECONDS = 60;

  private final ArtifactServiceBlockingV2Stub stub;
  private final TransferOptions options;

  /** Creates transfers over a channel of the artifact service, with default options. */
  public ArtifactTransfers(Channel channel) {
    this(channel, TransferOptions.DEFAULT);
  }

  /** Creates transfers over a channel of the artifact service. */
  public ArtifactTransfers(Channel channel, TransferOptions options) {
    this.stub = ArtifactServiceGrpc.newBlockingV2Stub(channel);
    this.options = options;
  }

  /** Uploads a file to an artifact path and replaces what is there. */
  public Artifact uploadFile(Path file, String path) throws IOException, InterruptedException {
    return uploadFile(file, path, TransferListener.NONE);
  }

  /** Uploads a file to an artifact path and replaces what is there. */
  public Artifact uploadFile(Path file, String path, TransferListener listener)
      throws IOException, InterruptedException {
    TransferMeter meter = new TransferMeter(listener, 1, Files.size(file));
    return upload(FileSource.of(file), path, meter);
  }

  /** Uploads bytes to an artifact path and replaces what is there. */
  public Artifact uploadBytes(byte[] bytes, String path) throws IOException, InterruptedException {
    TransferMeter meter = new TransferMeter(TransferListener.NONE, 1, bytes.length);
    return upload(new BytesSource(bytes.clone()), path, meter);
  }

  /** Uploads a folder, see {@link #uploadFolder(Path, String, TransferListener)}. */
  public List<Artifact> uploadFolder(Path folder, String path)
      throws IOException, InterruptedException {
    return uploadFolder(folder, path, TransferListener.NONE);
  }

  /**
   * Uploads all files below a folder, several at a time, and keeps their names relative to it. The
   * folder itself may be a link; below it links to files are followed, links to folders are not.
   * Not atomic: after a failure some files may be there; a snapshot taken afterwards is.
   *
   * @param path artifact path of the folder; empty for the root
   * @return the artifacts in order of their local paths
   */
  public List<Artifact> uploadFolder(Path folder, String path, TransferListener listener)
      throws IOException, InterruptedException {
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    // A walk does not follow a link, not even the one that it begins at.
    Path root = folder.toRealPath();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    TransferMeter meter = new TransferMeter(listener, files.size(), bytes);
    List<ParallelTasks.Task<Artifact>> tasks = new ArrayList<>();
    for (Path file : files) {
      String relative = root.relativize(file).toString().replace('\\', '/');
      String target = path.isEmpty() ? relative : path + '/' + relative;
      tasks.add(() -> upload(FileSource.of(file), target, meter));
    }
    return ParallelTasks.run("upload", options.parallelFiles(), tasks);
  }

  private Artifact upload(Source source, String path, TransferMeter meter)
      throws IOException, InterruptedException {
    String sha256 = digest(source);
    UploadSpec spec =
        UploadSpec.newBuilder()
            .setPath(path)
            // A file of one chunk is sent again as fast as its state is asked for.
            .setUploadId(source.size() > CHUNK_BYTES ? UUID.randomUUID().toString() : "")
            .setSizeBytes(source.size())
            .setSha256(sha256)
            .build();
    TransferMeter.File progress = meter.file(path);
    Retries retries = new Retries(options, stub.getChannel());
    while (true) {
      try {
        QueryUploadResponse state =
            retries.failed() ? settled(spec) : QueryUploadResponse.getDefaultInstance();
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
        retries.waitOrThrow("upload to " + path, e);
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
      long offset, Source source, UploadSpec spec, TransferMeter.File progress, Retries retries)
      throws IOException, StatusException, InterruptedException {
    BlockingClientCall<UploadRequest, UploadResponse> call = stub.upload();
    boolean finished = false;
    try (InputStream in = source.open(offset)) {
      boolean open = call.write(UploadRequest.newBuilder().setSpec(spec).build());
      long position = offset;
      while (open && position < source.size()) {
        byte[] bytes = in.readNBytes((int) Math.min(CHUNK_BYTES, source.size() - position));
        if (bytes.length == 0) {
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
        .setCrc32C(crc32c(UnsafeByteOperations.unsafeWrap(bytes)))
        .build();
  }

  private static String digest(Source source) throws IOException {
    MessageDigest digest = Digests.newSha256();
    byte[] buffer = new byte[COPY_BYTES];
    try (InputStream in = source.open(0)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
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
    download(request, bytes, maxBytes, new TransferMeter(TransferListener.NONE, 1, 0).file(path));
    return bytes.toByteArray();
  }

  /** Downloads an artifact to a file and replaces what is there. */
  public Artifact downloadFile(String path, Path file) throws IOException, InterruptedException {
    return downloadFile(path, file, TransferListener.NONE);
  }

  /**
   * Downloads an artifact to a file and replaces what is there. The folder of the file must exist.
   */
  public Artifact downloadFile(String path, Path file, TransferListener listener)
      throws IOException, InterruptedException {
    Path temporary = beside(file);
    try {
      DownloadRequest request = DownloadRequest.newBuilder().setPath(path).build();
      TransferMeter meter = new TransferMeter(listener, 1, 0);
      Artifact artifact = downloadTo(request, temporary, meter.file(path));
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
    List<ManifestEntry> entries = new ArrayList<>();
    Manifest manifest = readManifest(digest, entries);
    if (!Digests.manifest(entries).equals(digest)) {
      throw new TransferException(
          "the entries of manifest " + digest + " do not have its digest",
          Status.Code.DATA_LOSS,
          null);
    }
    downloadAll(entries, folder, manifest.getSizeBytes(), listener);
    return manifest;
  }

  private Manifest readManifest(String digest, List<ManifestEntry> entries)
      throws IOException, InterruptedException {
    GetManifestRequest.Builder request = GetManifestRequest.newBuilder().setDigest(digest);
    Manifest page;
    do {
      GetManifestRequest ask = request.build();
      page = retrying("manifest " + digest, () -> unary().getManifest(ask));
      entries.addAll(page.getEntriesList());
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    return page.toBuilder().clearEntries().clearNextPageToken().build();
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
    List<ManifestEntry> entries = new ArrayList<>();
    long bytes = 0;
    ListRequest.Builder request = ListRequest.newBuilder().setPath(path).setRecursive(true);
    ListResponse page;
    do {
      ListRequest ask = request.build();
      page = retrying("list " + path, () -> unary().list(ask));
      for (Entry entry : page.getEntriesList()) {
        Artifact artifact = entry.getArtifact();
        bytes += artifact.getSizeBytes();
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
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    if (entries.isEmpty()) {
      throw new TransferException(
          "there is no artifact below " + path, Status.Code.NOT_FOUND, null);
    }
    downloadAll(entries, folder, bytes, listener);
  }

  private void downloadAll(
      List<ManifestEntry> entries, Path folder, long bytes, TransferListener listener)
      throws IOException, InterruptedException {
    if (Files.exists(folder)) {
      throw new FileAlreadyExistsException(folder.toString());
    }
    Path temporary = beside(folder);
    Files.createDirectory(temporary);
    try {
      TransferMeter meter = new TransferMeter(listener, entries.size(), bytes);
      List<ParallelTasks.Task<Artifact>> tasks = new ArrayList<>();
      for (ManifestEntry entry : entries) {
        Path file = inside(temporary, entry.getPath());
        Files.createDirectories(file.getParent());
        DownloadRequest request = DownloadRequest.newBuilder().setSha256(entry.getSha256()).build();
        tasks.add(() -> downloadTo(request, file, meter.file(entry.getPath())));
      }
      ParallelTasks.run("download", options.parallelFiles(), tasks);
      Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      deleteFolder(temporary);
    }
  }

  private Artifact downloadTo(DownloadRequest request, Path file, TransferMeter.File progress)
      throws IOException, InterruptedException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Artifact artifact =
          download(request, Channels.newOutputStream(channel), Long.MAX_VALUE, progress);
      channel.force(true);
      return artifact;
    }
  }

  private Artifact download(
      DownloadRequest request, OutputStream to, long maxBytes, TransferMeter.File progress)
      throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    Received received = new Received(to, maxBytes, progress);
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
    private final OutputStream to;
    private final long maxBytes;
    private final TransferMeter.File progress;
    private final MessageDigest digest = Digests.newSha256();
    private Artifact artifact;
    private long bytes;

    Received(OutputStream to, long maxBytes, TransferMeter.File progress) {
      this.to = to;
      this.maxBytes = maxBytes;
      this.progress = progress;
    }

    void accept(DownloadResponse response) throws IOException, StatusException {
      if (response.hasHeader()) {
        if (artifact == null) {
          artifact = response.getHeader().getArtifact();
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
      if (chunk.getOffset() != bytes || crc32c(chunk.getData()) != chunk.getCrc32C()) {
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
  private interface Call<T> {
    T make() throws StatusException;
  }

  private <T> T retrying(String what, Call<T> call) throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    while (true) {
      try {
        return call.make();
      } catch (StatusException e) {
        retries.waitOrThrow(what, e);
      }
    }
  }

  private static int crc32c(ByteString data) {
    CRC32C crc = new CRC32C();
    data.asReadOnlyByteBufferList().forEach(crc::update);
    return (int) crc.getValue();
  }

  private static Path beside(Path target) {
    Path name = target.toAbsolutePath().getFileName();
    return target.toAbsolutePath().resolveSibling("." + name + ".part-" + UUID.randomUUID());
  }

  /** Refuses names that would lead out of the folder, whoever sent them. */
  private static Path inside(Path folder, String relative) throws IOException {
    Path file = folder.resolve(relative).normalize();
    if (relative.isEmpty()
        || relative.indexOf('\\') >= 0
        || relative.indexOf('\0') >= 0
        || !file.startsWith(folder)
        || file.equals(folder)) {
      throw new TransferException(
          "the manifest has an unsafe path: " + relative, Status.Code.DATA_LOSS, null);
    }
    return file;
  }

  private static void deleteFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = new ArrayList<>(walk.toList());
    }
    Collections.reverse(paths);
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }

  /** Is what is uploaded; may be opened more than once. */
  private interface Source {
    long size();

    InputStream open(long offset) throws IOException;
  }

  private record FileSource(Path file, long size) implements Source {
    static FileSource of(Path file) throws IOException {
      return new FileSource(file, Files.size(file));
    }

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

  private static final class BytesSource implements Source {
    private final byte[] bytes;

    BytesSource(byte[] bytes) {
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
