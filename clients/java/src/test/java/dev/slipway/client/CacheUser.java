package dev.slipway.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Is another process that uses a cache of assets, with its own main. */
final class CacheUser implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;

  private CacheUser(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts one; the arguments are those of {@link #main}. */
  static CacheUser start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                CacheUser.class.getName()));
    command.addAll(List.of(arguments));
    return new CacheUser(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Returns the next line that it says; null at its end. */
  String hear() throws IOException {
    return out.readLine();
  }

  int await() throws InterruptedException {
    return process.waitFor();
  }

  /** Ends it as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /**
   * Uses a cache: address, folder, bound, and what to do. {@code hold NAME} opens an asset and
   * waits to be killed; {@code stall NAME} waits in the middle of fetching it; {@code churn SEED
   * TIMES COUNT} fetches assets {@code a0} up at random, and looks whether each, a file of its own
   * name over and over, is whole as long as it has it open.
   */
  public static void main(String[] args) throws Exception {
    try (SlipwayClient client = SlipwayClient.connect(args[0]);
        AssetCache cache =
            client.assetCache(
                AssetCacheOptions.of(Path.of(args[1])).withMaxBytes(Long.parseLong(args[2])))) {
      switch (args[3]) {
        case "hold" -> {
          try (CachedAsset asset = cache.fetch(args[4])) {
            System.out.println(asset.path());
            Thread.sleep(Long.MAX_VALUE);
          }
        }
        case "stall" -> {
          try (CachedAsset asset = cache.fetch(args[4], progress -> stall())) {
            System.out.println("not expected: " + asset.path());
          }
        }
        default ->
            System.out.println(
                churn(
                    cache,
                    new Random(Long.parseLong(args[4])),
                    Integer.parseInt(args[5]),
                    Integer.parseInt(args[6])));
      }
    }
  }

  private static void stall() {
    System.out.println("fetching");
    while (true) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Returns how often something had to be fetched. */
  private static int churn(AssetCache cache, Random random, int times, int count)
      throws IOException, InterruptedException {
    int fetched = 0;
    for (int i = 0; i < times; i++) {
      String name = "a" + random.nextInt(count);
      String spec = random.nextBoolean() ? name + ":0.0" : name;
      try (CachedAsset asset = cache.fetch(spec)) {
        fetched += asset.fromCache() ? 0 : 1;
        for (int look = 0; look < 3; look++) {
          String text = Files.readString(asset.path());
          if (!text.replace(name, "").isEmpty() || text.isEmpty()) {
            throw new IOException(asset.path() + " is not " + name);
          }
        }
      }
    }
    return fetched;
  }
}
