package dev.slipway.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Measures how long the embedded server takes to be ready and how much memory it holds when idle,
 * beside {@link BareServer}: a JVM of the same options with a gRPC port and an H2 file and nothing
 * else. Medians over several rounds, each on a fresh data folder. Linux only, as it reads {@code
 * /proc}.
 */
public final class StartupBenchmark {
  private static final int ROUNDS = 5;
  private static final long IDLE_MILLIS = 3_000;

  private StartupBenchmark() {}

  private record Sample(double readySeconds, double residentMebibytes) {}

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) throws Exception {
    Sample bare = median(List.of("dev.slipway.benchmarks.BareServer"), "--data-dir");
    Sample slipway =
        median(
            List.of(
                "dev.slipway.cli.Slipway", "server", "--port=0", "--admin-port=0", "--http-port=0"),
            "--data-dir");
    System.out.printf("%-28s %10s %10s %8s%n", "", "slipway", "bare JVM", "ratio");
    print("start to ready, s", slipway.readySeconds(), bare.readySeconds());
    print("resident when idle, MiB", slipway.residentMebibytes(), bare.residentMebibytes());
  }

  private static void print(String what, double ours, double limit) {
    System.out.printf("%-28s %10.2f %10.2f %8.2f%n", what, ours, limit, ours / limit);
  }

  private static Sample median(List<String> command, String folderFlag) throws Exception {
    List<Double> ready = new ArrayList<>();
    List<Double> resident = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      Sample sample = measure(command, folderFlag);
      ready.add(sample.readySeconds());
      resident.add(sample.residentMebibytes());
    }
    Collections.sort(ready);
    Collections.sort(resident);
    return new Sample(ready.get(ROUNDS / 2), resident.get(ROUNDS / 2));
  }

  private static Sample measure(List<String> command, String folderFlag)
      throws IOException, InterruptedException {
    try (ScratchFolder folder = ScratchFolder.create()) {
      List<String> line = new ArrayList<>(command);
      line.add(folderFlag + "=" + folder.path());
      long started = System.nanoTime();
      try (JavaProcess process = JavaProcess.start(List.of(), line)) {
        double seconds = (System.nanoTime() - started) / 1e9;
        Thread.sleep(IDLE_MILLIS);
        return new Sample(seconds, process.residentMebibytes());
      }
    }
  }
}
