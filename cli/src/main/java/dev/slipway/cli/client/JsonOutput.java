package dev.slipway.cli.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** Holds the flag of those who read answers with a program. A mixin of picocli; not thread-safe. */
public final class JsonOutput {
  @Option(
      names = "--json",
      description = "Prints JSON for programs: the messages of the service, one a line.")
  private boolean wanted;

  /** Returns whether JSON is wanted. */
  public boolean isWanted() {
    return wanted;
  }

  /** Prints a message as one line. */
  public static void print(PrintWriter out, MessageOrBuilder message) {
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
}
