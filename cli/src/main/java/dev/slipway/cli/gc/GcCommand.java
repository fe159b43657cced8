package dev.slipway.cli.gc;

import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.Durations;
import dev.slipway.cli.client.Age;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.Failures;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.Progress;
import dev.slipway.client.SlipwayClient;
import dev.slipway.tracking.v1.PurgeDeletedRequest;
import dev.slipway.tracking.v1.PurgeDeletedResponse;
import dev.slipway.tracking.v1.PurgeDeletedResponseOrBuilder;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Removes deleted experiments, runs and logged models for good, with their artifacts, and content
 * that nothing refers to.
 */
@Command(
    name = "gc",
    mixinStandardHelpOptions = true,
    description = {
      "Removes experiments, runs and logged models for good that were deleted some time ago, with"
          + " their artifacts; then content of the artifact service that nothing refers to any"
          + " more.",
      "Without --delete it only tells what would go.",
      "Registered versions go on serving, since the artifact service keeps their files for them;"
          + " but MLflow clients download a version from its run or logged model, and find it no"
          + " more.",
      "Artifacts are deleted after what named them is gone. If this process dies in between, up to"
          + " 100 roots of artifacts are left; the log of the tracking server names them.",
      "Content goes in two steps: what nothing refers to is condemned, and removed by a later call"
          + " that finds it still so after --grace.",
      "",
      "  slipway gc --older-than 30d",
      "  slipway gc --older-than 30d --delete",
      "",
      "With --json each answer of the services is a line: of PurgeDeleted, one or more with"
          + " --delete, and then the last of CollectGarbage."
    })
public final class GcCommand implements Callable<Integer> {
  /** Few, since the answer is the only one that names the artifacts of what a call has removed. */
  private static final int OBJECTS_PER_CALL = 100;

  private static final String NOTHING = "Nothing was deleted that long ago.";

  @Mixin private final ClientOptions services = new ClientOptions();

  @Option(
      names = "--older-than",
      paramLabel = "AGE",
      defaultValue = "30d",
      converter = Age.class,
      description =
          "Only what was deleted at least this long ago: a number and s, m, h or d. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration olderThan;

  @Option(
      names = "--experiment",
      paramLabel = "ID",
      description = "Only this experiment and what is in it; may be given up to 1,000 times.")
  private List<String> experiments = List.of();

  @Mixin private final JsonOutput json = new JsonOutput();

  @Option(names = "--delete", description = "Removes it. There is no way back.")
  private boolean delete;

  @Option(
      names = "--keep-artifacts",
      description =
          "Leaves artifacts where they are, and tells where; the artifact service is not called.")
  private boolean keepArtifacts;

  @Option(
      names = "--grace",
      paramLabel = "AGE",
      defaultValue = "24h",
      converter = Age.class,
      description =
          "How long ago content must have been condemned to be removed now. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration grace;

  @Spec private CommandSpec spec;
  private PrintWriter out;

  @Override
  public Integer call() {
    out = spec.commandLine().getOut();
    try (SlipwayClient client = services.connect()) {
      PurgeDeletedResponse found =
          client.tracking().purgeDeleted(request().setDryRun(true).build());
      if (!delete) {
        tell(client, found);
        return 0;
      }
      if (objects(found) == 0) {
        print(found, NOTHING);
      } else if (!remove(client, found)) {
        return 1;
      }
      if (!keepArtifacts) {
        contents(client).collect();
      }
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } finally {
      out.flush();
    }
  }

  private void tell(SlipwayClient client, PurgeDeletedResponse found) {
    print(found, objects(found) == 0 ? NOTHING : "Would remove " + describe(found) + ".");
    if (!keepArtifacts) {
      contents(client).tell();
    }
    if (!json.isWanted()) {
      out.println("Nothing is removed yet: --delete does it.");
    }
  }

  private void print(MessageOrBuilder message, String text) {
    if (json.isWanted()) {
      JsonOutput.print(out, message);
    } else {
      out.println(text);
    }
  }

  private ContentCollection contents(SlipwayClient client) {
    return new ContentCollection(client.artifacts(), grace, json, out);
  }

  private PurgeDeletedRequest.Builder request() {
    return PurgeDeletedRequest.newBuilder()
        .setOlderThan(Durations.fromSeconds(olderThan.toSeconds()))
        .addAllExperimentIds(experiments);
  }

  /** Returns whether all of it is gone, with its artifacts. */
  private boolean remove(SlipwayClient client, PurgeDeletedResponse found) {
    ArtifactRoots artifacts = new ArtifactRoots(client.artifacts(), spec.commandLine().getErr());
    if (!keepArtifacts) {
      // Now, and not when objects are gone that alone said where their artifacts are.
      artifacts.requireService();
    }
    PurgeDeletedResponse.Builder removed = PurgeDeletedResponse.newBuilder().setMore(true);
    try (GracefulStop stop = GracefulStop.listen()) {
      try (ProgressBar bar = Progress.bar("removing", objects(found))) {
        while (removed.getMore() && !stop.isAsked() && !artifacts.isAway()) {
          PurgeDeletedResponse some =
              client.tracking().purgeDeleted(request().setMaxObjects(OBJECTS_PER_CALL).build());
          add(removed, some);
          if (json.isWanted()) {
            JsonOutput.print(out, some);
          }
          if (keepArtifacts) {
            tellLeft(some);
          } else {
            artifacts.delete(some.getArtifactUrisList());
          }
          bar.stepTo(objects(removed));
        }
      } finally {
        if (!json.isWanted()) {
          tellRemoved(removed, artifacts);
        }
        out.flush();
      }
    }
    return !removed.getMore() && !artifacts.isAnyLeft();
  }

  private void tellRemoved(PurgeDeletedResponseOrBuilder removed, ArtifactRoots artifacts) {
    out.println("Removed " + describe(removed) + ".");
    if (artifacts.deletedFiles() > 0) {
      out.printf(
          "Deleted %s of %,d bytes.%n",
          Counts.of(artifacts.deletedFiles(), "artifact"), artifacts.deletedBytes());
    }
    if (removed.getMore()) {
      out.println("More is left: call again.");
    }
  }

  private void tellLeft(PurgeDeletedResponse some) {
    if (!json.isWanted()) {
      some.getArtifactUrisList().forEach(out::println);
    }
  }

  private static void add(PurgeDeletedResponse.Builder sum, PurgeDeletedResponse some) {
    sum.setExperiments(sum.getExperiments() + some.getExperiments())
        .setRuns(sum.getRuns() + some.getRuns())
        .setLoggedModels(sum.getLoggedModels() + some.getLoggedModels())
        .setMetricBytes(sum.getMetricBytes() + some.getMetricBytes())
        .setMore(some.getMore());
  }

  private static long objects(PurgeDeletedResponseOrBuilder counts) {
    return counts.getExperiments() + counts.getRuns() + counts.getLoggedModels();
  }

  private static String describe(PurgeDeletedResponseOrBuilder counts) {
    return "%s, %s and %s, with about %,d bytes of metrics"
        .formatted(
            Counts.of(counts.getExperiments(), "experiment"),
            Counts.of(counts.getRuns(), "run"),
            Counts.of(counts.getLoggedModels(), "logged model"),
            counts.getMetricBytes());
  }
}
