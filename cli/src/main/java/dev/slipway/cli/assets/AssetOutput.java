package dev.slipway.cli.assets;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import dev.slipway.artifact.v1.Asset;
import dev.slipway.artifact.v1.AssetVersion;
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
      json(asset);
      return;
    }
    out.printf(
        "%s:%s  %s, %s%s%n",
        asset.getName(),
        asset.getLatestVersion(),
        count(asset.getVersionCount(), "version"),
        time(asset.getUpdateTime()),
        remark(asset.getDescription()));
  }

  void version(AssetVersion version) {
    if (json) {
      json(version);
      return;
    }
    String author = version.getAuthor().isEmpty() ? "" : " by " + version.getAuthor();
    out.printf(
        "%s:%s  %s, %s, %s%s%s%n",
        version.getName(),
        version.getVersion(),
        count(version.getFileCount(), "file"),
        count(version.getSizeBytes(), "byte"),
        time(version.getCreateTime()),
        author,
        remark(version.getDescription()));
  }

  void json(MessageOrBuilder message) {
    try {
      out.println(
          JsonFormat.printer()
              .preservingProtoFieldNames()
              .omittingInsignificantWhitespace()
              .print(message));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("an answer cannot be shown as JSON", e);
    }
  }

  private static String remark(String description) {
    return description.isEmpty() ? "" : "  " + description.lines().findFirst().orElse("");
  }

  private static String time(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds()).toString();
  }

  static String count(long number, String noun) {
    return "%,d %s%s".formatted(number, noun, number == 1 ? "" : "s");
  }
}
