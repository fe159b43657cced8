package dev.slipway.cli.artifacts;

import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.CheckConsistencyRequest;
import dev.slipway.artifact.v1.ConsistencyFinding;
import dev.slipway.artifact.v1.FindingKind;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.Failures;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.Progress;
import dev.slipway.client.SlipwayClient;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares what the artifact service has noted with what its store has. */
@Command(
    name = "fsck",
    mixinStandardHelpOptions = true,
    description = {
      "Compares what the artifact service has noted with what its store has, and tells what"
          + " differs. Mends nothing.",
      "Content that is missing, or has another size or digest, is damage: upload the files again."
          + " What --verify finds to have another digest is marked, so that they replace it."
          + " Content that is unknown, or that nothing refers to, is waste, which `slipway gc`"
          + " removes.",
      "Ends with 1 when there is damage, and when the check fails.",
      "",
      "  slipway artifacts fsck",
      "  slipway artifacts fsck models/digits --verify"
    })
final class FsckCommand implements Callable<Integer> {
  private static final String KIND_PREFIX = "FINDING_KIND_";
  private static final Set<FindingKind> DAMAGE =
      EnumSet.of(
          FindingKind.FINDING_KIND_CONTENT_MISSING,
          FindingKind.FINDING_KIND_SIZE_DIFFERS,
          FindingKind.FINDING_KIND_DIGEST_DIFFERS);

  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "PATH",
      defaultValue = "",
      description = "Only the files at or below this path. Default: everything, also waste.")
  private String path;

  @Option(names = "--verify", description = "Reads every byte and compares digests.")
  private boolean verify;

  @Mixin private final JsonOutput json = new JsonOutput();

  @Spec private CommandSpec spec;
  private long damaged;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (SlipwayClient client = services.connect();
        ProgressBar bar = Progress.bar("checking", -1)) {
      Iterator<CheckConsistencyProgress> messages =
          client
              .artifacts()
              .checkConsistency(
                  CheckConsistencyRequest.newBuilder()
                      .setPath(path)
                      .setVerifyContent(verify)
                      .build());
      CheckConsistencyProgress last = CheckConsistencyProgress.getDefaultInstance();
      while (messages.hasNext()) {
        last = messages.next();
        last.getFindingsList().forEach(finding -> print(out, finding));
        bar.stepTo(last.getExaminedCount());
      }
      if (!json.isWanted()) {
        out.println(summary(last));
      }
      return damaged == 0 ? 0 : 1;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } finally {
      out.flush();
    }
  }

  private void print(PrintWriter out, ConsistencyFinding finding) {
    if (DAMAGE.contains(finding.getKind())) {
      damaged++;
    }
    if (json.isWanted()) {
      JsonOutput.print(out, finding);
      return;
    }
    out.printf(
        "%s %s: %,d bytes noted, %,d stored%n",
        kind(finding.getKind()),
        finding.getSha256(),
        finding.getRecordedSizeBytes(),
        finding.getStoredSizeBytes());
    finding.getPathsList().forEach(artifact -> out.println("  at " + artifact));
    finding.getHoldersList().forEach(holder -> out.println("  held by " + holder));
  }

  /** Returns a kind in the words of its name, e.g. {@code content missing}. */
  private static String kind(FindingKind kind) {
    String name = kind.name();
    return (name.startsWith(KIND_PREFIX) ? name.substring(KIND_PREFIX.length()) : name)
        .replace('_', ' ')
        .toLowerCase(Locale.ROOT);
  }

  private String summary(CheckConsistencyProgress last) {
    return "Looked at %s%s: %,d damaged, %,d waste."
        .formatted(
            Counts.of(last.getExaminedCount(), "content"),
            verify ? " and %,d bytes".formatted(last.getVerifiedBytes()) : "",
            damaged,
            last.getFindingCount() - damaged);
  }
}
