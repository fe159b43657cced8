package dev.slipway.cli.assets;

import com.google.protobuf.Timestamp;
import dev.slipway.artifact.v1.Asset;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.JsonOutput;
import java.io.PrintWriter;
import java.time.Instant;

/** Prints assets, for people or as JSON, one object a line. Not thread-safe. */
final class AssetOutput {
  private final PrintWriter out;
  private final boolean json;

  AssetOutput(PrintWriter out, boolean json) {
    this.out = out;
    this.json = json;
  }

  void asset(Asset asset) {
    if (json) {
      JsonOutput.print(out, asset);
      return;
    }
    out.printf(
        "%s:%s  %s, %s%s%n",
        asset.getName(),
        asset.getLatestVersion(),
        Counts.of(asset.getVersionCount(), "version"),
        time(asset.getUpdateTime()),
        remark(asset.getDescription()));
  }

  void version(AssetVersion version) {
    if (json) {
      JsonOutput.print(out, version);
      return;
    }
    String author = version.getAuthor().isEmpty() ? "" : " by " + version.getAuthor();
    out.printf(
        "%s:%s  %s, %s, %s%s%s%n",
        version.getName(),
        version.getVersion(),
        Counts.of(version.getFileCount(), "file"),
        Counts.of(version.getSizeBytes(), "byte"),
        time(version.getCreateTime()),
        author,
        remark(version.getDescription()));
  }

  private static String remark(String description) {
    return description.isEmpty() ? "" : "  " + description.lines().findFirst().orElse("");
  }

  private static String time(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds()).toString();
  }
}
