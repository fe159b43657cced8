package dev.slipway.client;

import dev.slipway.tracking.v1.CreateRunRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Is a job in a process of its own that logs {@code loss} 0, 1, 2 ... for ever, and after each
 * thousand points says how many are safe: acknowledged, or in a file.
 */
final class TrainingJob implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;
  private final String runId;

  private TrainingJob(Process process) throws IOException {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.runId = out.readLine();
  }

  static TrainingJob start(String address, Path spill) throws IOException {
    return new TrainingJob(
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx128m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    TrainingJob.class.getName(),
                    address,
                    spill.toString()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  String runId() {
    return runId;
  }

  /** Waits until so many points are safe; returns how many are. */
  long awaitSafe(long points) throws IOException {
    long safe = 0;
    while (safe < points) {
      String line = out.readLine();
      if (line == null) {
        throw new IOException("the job has died");
      }
      safe = Long.parseLong(line);
    }
    return safe;
  }

  /** Ends the process as {@code kill -9} does; returns how many points it last called safe. */
  long kill() throws IOException, InterruptedException {
    // Not by the process itself, which would close what it has said.
    process.toHandle().destroyForcibly();
    process.waitFor();
    String last = "0";
    String cut = "0";
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      last = cut;
      cut = line;
    }
    return Long.parseLong(last);
  }

  /** Asks the process to stop, as SIGTERM does, and waits for it. */
  void stop() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Is the job: address of the service, folder of the spill. */
  public static void main(String[] args) throws InterruptedException {
    RunOptions options =
        RunOptions.defaults()
            .withSpill(Path.of(args[1]), 1L << 30)
            .withSpillAfter(Duration.ofMillis(20));
    try (SlipwayClient client = SlipwayClient.connect(args[0]);
        ActiveRun run = client.startRun(CreateRunRequest.getDefaultInstance(), options)) {
      System.out.println(run.runId());
      run.logParam("depth", "3");
      for (int i = 0; ; i++) {
        run.logMetric("loss", i, i);
        if (i % 1_000 == 999) {
          RunSummary summary = run.summary();
          System.out.println(summary.acknowledgedPoints() + summary.keptPoints());
          // Fast enough to be in the middle of things, and not so fast that all of it takes long to
          // be read again.
          Thread.sleep(5);
        }
      }
    }
  }
}
