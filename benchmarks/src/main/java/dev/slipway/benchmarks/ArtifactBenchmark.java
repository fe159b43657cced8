package dev.slipway.benchmarks;

import dev.slipway.client.ArtifactTransfers;
import dev.slipway.client.TransferOptions;
import dev.slipway.runtime.config.Commands;
import io.grpc.ManagedChannel;
import io.minio.BucketExistsArgs;
import io.minio.DownloadObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.UploadObjectArgs;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures how fast one large file and many small ones go up and come down, beside the file system
 * or the MinIO SDK alone.
 */
@Command(
    name = "artifacts",
    mixinStandardHelpOptions = true,
    description =
        "One large file and many small ones, up and down, beside the store alone: copies on the"
            + " file system, or the MinIO SDK.")
public final class ArtifactBenchmark implements Callable<Integer> {
  private static final int SMALL_BYTES = 4 << 10;
  // As many as the client moves small files at a time.
  private static final int WORKERS = TransferOptions.DEFAULT.parallelFiles();
  private static final String BUCKET = "slipway-benchmark";

  @Option(
      names = "--mebibytes",
      defaultValue = "1024",
      description = "Size of the large file. Default: ${DEFAULT-VALUE}.")
  private int mebibytes;

  @Option(
      names = "--files",
      defaultValue = "10000",
      description = "How many files of 4 KiB. Default: ${DEFAULT-VALUE}.")
  private int files;

  @Option(
      names = "--warm-up",
      defaultValue = "2000",
      description =
          "How many other files of 4 KiB go up and down first, as the JVM is slow at the beginning."
              + " Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--minio-endpoint",
      paramLabel = "URL",
      description = "A MinIO server that runs; without it only the folder store is measured.")
  private String endpoint;

  @Option(
      names = "--minio-access-key",
      paramLabel = "KEY",
      defaultValue = "minioadmin",
      description = "Access key. Default: ${DEFAULT-VALUE}.")
  private String accessKey;

  @Option(
      names = "--minio-secret-key",
      paramLabel = "KEY",
      defaultValue = "minioadmin",
      description = "Secret key. Default: MinIO's own.")
  private String secretKey;

  /** Moves files one way between two places. */
  private interface Transfer {
    void run() throws Exception;
  }

  /** Is a store without the service before it. */
  private interface BareStore {
    void put(Path file, String name) throws Exception;

    void get(String name, Path file) throws Exception;
  }

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new ArtifactBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "%,d MiB in one file, %,d files of 4 KiB; the service in a process of its own with"
            + " -Xmx256m%n",
        mebibytes, files);
    System.out.printf(
        "%-8s %-16s %10s %12s %6s %10s %10s %12s %12s %16s%n",
        "store",
        "what",
        "seconds",
        "store alone",
        "ratio",
        "client CPU",
        "server CPU",
        "client heap",
        "server heap",
        "server resident");
    try (ScratchFolder scratch = ScratchFolder.create()) {
      Path sources = writeSources(scratch.path().resolve("sources"));
      measure("folder", List.of(), sources, scratch.path(), folder(scratch.path()));
      if (endpoint != null) {
        List<String> flags =
            List.of(
                "--minio-endpoint=" + endpoint,
                "--minio-bucket=" + BUCKET,
                "--minio-access-key=" + accessKey,
                "--minio-secret-key=" + secretKey);
        measure("minio", flags, sources, scratch.path(), minio());
      }
    }
    return 0;
  }

  /** Writes bytes that no store has, which would be done with at once. */
  private Path writeSources(Path sources) throws IOException {
    Random random = new Random();
    Path small = Files.createDirectories(sources.resolve("small"));
    byte[] block = new byte[1 << 20];
    try (OutputStream large = Files.newOutputStream(sources.resolve("large"))) {
      for (int i = 0; i < mebibytes; i++) {
        random.nextBytes(block);
        large.write(block);
      }
    }
    writeSmall(small, files);
    return sources;
  }

  private static void writeSmall(Path folder, int count) throws IOException {
    Random random = new Random();
    byte[] bytes = new byte[SMALL_BYTES];
    for (int i = 0; i < count; i++) {
      random.nextBytes(bytes);
      Files.write(folder.resolve("file-" + i), bytes);
    }
  }

  private static BareStore folder(Path scratch) throws IOException {
    Path store = Files.createDirectories(scratch.resolve("bare"));
    return new BareStore() {
      @Override
      public void put(Path file, String name) throws IOException {
        copy(file, store.resolve(name));
      }

      @Override
      public void get(String name, Path file) throws IOException {
        copy(store.resolve(name), file);
      }
    };
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.copy(from, to);
    try (FileChannel written = FileChannel.open(to, StandardOpenOption.WRITE)) {
      written.force(true);
    }
  }

  private BareStore minio() throws Exception {
    MinioClient client =
        MinioClient.builder().endpoint(endpoint).credentials(accessKey, secretKey).build();
    if (!client.bucketExists(BucketExistsArgs.builder().bucket(BUCKET).build())) {
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
    }
    return new BareStore() {
      @Override
      public void put(Path file, String name) throws Exception {
        var unused =
            client.uploadObject(
                UploadObjectArgs.builder()
                    .bucket(BUCKET)
                    .object("bare/" + name)
                    .filename(file.toString())
                    .build());
      }

      @Override
      public void get(String name, Path file) throws Exception {
        client.downloadObject(
            DownloadObjectArgs.builder()
                .bucket(BUCKET)
                .object("bare/" + name)
                .filename(file.toString())
                .build());
      }
    };
  }

  private void measure(String store, List<String> flags, Path sources, Path scratch, BareStore bare)
      throws Exception {
    Path place = Files.createDirectories(scratch.resolve(store));
    Path large = sources.resolve("large");
    Path small = sources.resolve("small");
    Path down = Files.createDirectories(place.resolve("down"));
    List<String> command =
        new ArrayList<>(
            List.of(
                "dev.slipway.cli.Slipway",
                "artifact-server",
                "--host=127.0.0.1",
                "--port=0",
                "--admin-port=0",
                "--data-dir=" + place.resolve("data")));
    command.addAll(flags);
    HeapPeak heap = new HeapPeak(place.resolve("gc.log"));
    try (JavaProcess server = JavaProcess.start(List.of("-Xmx256m", heap.option()), command)) {
      ManagedChannel channel = Clients.connect(TrackingProcess.port(server));
      try {
        ArtifactTransfers transfers = new ArtifactTransfers(channel);
        warmUp(place, transfers, bare);
        Path bareDown = Files.createDirectories(place.resolve("bare-down"));
        print(
            store,
            "large file up",
            server,
            heap,
            () -> transfers.uploadFile(large, "benchmark/large"),
            () -> bare.put(large, "large"));
        print(
            store,
            "large file down",
            server,
            heap,
            () -> transfers.downloadFile("benchmark/large", down.resolve("large")),
            () -> bare.get("large", bareDown.resolve("large")));
        print(
            store,
            "small files up",
            server,
            heap,
            () -> transfers.uploadFolder(small, "benchmark/small"),
            () -> each(small, file -> bare.put(file, file.getFileName().toString())));
        print(
            store,
            "small files down",
            server,
            heap,
            () -> transfers.downloadFolder("benchmark/small", down.resolve("small")),
            () ->
                each(
                    small,
                    file ->
                        bare.get(
                            file.getFileName().toString(), bareDown.resolve(file.getFileName()))));
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private void warmUp(Path place, ArtifactTransfers transfers, BareStore bare) throws Exception {
    Path folder = Files.createDirectories(place.resolve("warm-up"));
    writeSmall(folder, warmUp);
    transfers.uploadFolder(folder, "warm-up");
    if (warmUp > 0) {
      transfers.downloadFolder("warm-up", place.resolve("warm-up-down"));
    }
    Path down = Files.createDirectories(place.resolve("warm-up-bare"));
    each(
        folder,
        file -> {
          String name = "warm-up-" + file.getFileName();
          bare.put(file, name);
          bare.get(name, down.resolve(name));
        });
  }

  /** Does something with one file. */
  private interface FileTask {
    void run(Path file) throws Exception;
  }

  /** Does as many files at a time as the client does. */
  private static void each(Path folder, FileTask task) throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
    try (Stream<Path> found = Files.list(folder)) {
      List<Future<?>> running = new ArrayList<>();
      for (Path file : found.toList()) {
        running.add(
            workers.submit(
                () -> {
                  task.run(file);
                  return null;
                }));
      }
      for (Future<?> one : running) {
        var unused = one.get();
      }
    } finally {
      workers.shutdownNow();
    }
  }

  private static void print(
      String store,
      String what,
      JavaProcess server,
      HeapPeak serverHeap,
      Transfer ours,
      Transfer bare)
      throws Exception {
    double bareSeconds = seconds(bare);
    heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
    int mark = serverHeap.mark();
    Duration serverBefore = server.processorTime();
    Duration clientBefore = processorTime();
    double seconds = seconds(ours);
    Duration clientUsed = processorTime().minus(clientBefore);
    Duration serverUsed = server.processorTime().minus(serverBefore);
    long heap = heapPools().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    System.out.printf(
        "%-8s %-16s %10.2f %12.2f %6.2f %8.2f s %8.2f s %8d MiB %8d MiB %12d MiB%n",
        store,
        what,
        seconds,
        bareSeconds,
        bareSeconds / seconds,
        clientUsed.toMillis() / 1e3,
        serverUsed.toMillis() / 1e3,
        heap >> 20,
        serverHeap.mebibytesSince(mark),
        server.peakResidentMebibytes());
  }

  private static double seconds(Transfer transfer) throws Exception {
    long started = System.nanoTime();
    transfer.run();
    return (System.nanoTime() - started) / 1e9;
  }

  private static Duration processorTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
  }

  private static Stream<MemoryPoolMXBean> heapPools() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP);
  }
}
