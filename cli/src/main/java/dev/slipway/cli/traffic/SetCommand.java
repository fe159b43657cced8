package dev.slipway.cli.traffic;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import dev.slipway.cli.client.Age;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.serving.v1.AbortPolicy;
import dev.slipway.serving.v1.Canary;
import dev.slipway.serving.v1.Pin;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.Shadow;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.VersionSelector;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sets or replaces the traffic rule of a model's stage. */
@Command(
    name = "set",
    mixinStandardHelpOptions = true,
    description = {
      "Sets the traffic rule of a model's stage, in the place of the one that is there.",
      "A VERSION is a number, an alias, a stage, or latest."
    })
final class SetCommand implements Callable<Integer> {
  @Mixin private final ServingConnection serving = new ServingConnection();
  @Mixin private final StageOption stage = new StageOption();
  @Mixin private final JsonOutput json = new JsonOutput();

  @Parameters(index = "0", paramLabel = "MODEL", description = "Registered model.")
  private String model;

  @ArgGroup(exclusive = false, heading = "%nA canary answers a share of the requests:%n")
  private CanaryOptions canary;

  @ArgGroup(exclusive = false, heading = "%nA shadow is asked too, and its answers compared:%n")
  private ShadowOptions shadow;

  @ArgGroup(exclusive = false, heading = "%nA pin answers in the place of the stage's version:%n")
  private PinOptions pin;

  @ArgGroup(exclusive = false, heading = "%nThe rule is withdrawn when a limit is passed:%n")
  private AbortOptions abort;

  @Option(
      names = "--metrics-run",
      paramLabel = "ID",
      defaultValue = "",
      description = "Run that figures are logged to. It is ended with the rule.")
  private String metricsRun;

  @Option(
      names = "--expires-in",
      paramLabel = "AGE",
      converter = Age.class,
      description = "When the rule ends by itself: a number and s, m, h or d. Default: never.")
  private Duration expiresIn;

  @Option(
      names = "--revision",
      paramLabel = "N",
      defaultValue = "0",
      description = "Only if the present rule has this revision. Default: whatever there is.")
  private long revision;

  @Spec private CommandSpec spec;

  static final class CanaryOptions {
    @Option(
        names = "--canary",
        required = true,
        paramLabel = "VERSION",
        converter = SelectorText.class,
        description = "Which version.")
    private VersionSelector version;

    @Option(
        names = "--weight",
        required = true,
        paramLabel = "SHARE",
        description = "Share of the requests, 0 to 1.")
    private double weight;
  }

  static final class ShadowOptions {
    @Option(
        names = "--shadow",
        required = true,
        paramLabel = "VERSION",
        converter = SelectorText.class,
        description = "Which version.")
    private VersionSelector version;

    @Option(
        names = "--sample-rate",
        required = true,
        paramLabel = "SHARE",
        description = "Share of the requests, 0 to 1.")
    private double sampleRate;

    @Option(
        names = "--absolute-tolerance",
        paramLabel = "X",
        description = "How far a floating-point number may be off. Default: 0.")
    private double absoluteTolerance;

    @Option(
        names = "--relative-tolerance",
        paramLabel = "X",
        description = "The part of it that grows with the number. Default: 0.")
    private double relativeTolerance;
  }

  static final class PinOptions {
    @Option(
        names = "--pin",
        required = true,
        paramLabel = "N",
        description = "Number of the version. Needs --expires-in.")
    private long version;

    @Option(
        names = "--reason",
        paramLabel = "TEXT",
        description = "Why, for those who meet the pin later.")
    private String reason = "";
  }

  static final class AbortOptions {
    @Option(
        names = "--abort-errors",
        paramLabel = "SHARE",
        description = "Largest share of the challenger's requests that may fail.")
    private double errors;

    @Option(
        names = "--abort-mismatches",
        paramLabel = "SHARE",
        description = "Largest share of the shadow's answers that may differ.")
    private double mismatches;

    @Option(
        names = "--abort-latency",
        paramLabel = "RATIO",
        description = "Largest 99th percentile, as a multiple of the champion's.")
    private double latency;

    @Option(
        names = "--abort-min-requests",
        paramLabel = "N",
        description = "Requests before anything is judged. Default: 100.")
    private long minRequests;

    @Option(
        names = "--abort-window",
        paramLabel = "AGE",
        converter = Age.class,
        description = "Time over which figures are taken. Default: 5m.")
    private Duration window;
  }

  @Override
  public Integer call() {
    SetTrafficRuleRequest request = SetTrafficRuleRequest.newBuilder().setRule(rule()).build();
    return serving.call(
        spec,
        stub -> {
          TrafficRule kept = stub.setTrafficRule(request);
          if (json.isWanted()) {
            JsonOutput.print(spec.commandLine().getOut(), kept);
          } else {
            RuleText.print(spec.commandLine().getOut(), kept);
          }
        });
  }

  private TrafficRule rule() {
    TrafficRule.Builder rule =
        TrafficRule.newBuilder()
            .setModel(model)
            .setStage(stage.get())
            .setMetricsRunId(metricsRun)
            .setRevision(revision);
    if (canary != null) {
      rule.setCanary(Canary.newBuilder().setSelector(canary.version).setWeight(canary.weight));
    }
    if (shadow != null) {
      rule.setShadow(
          Shadow.newBuilder()
              .setSelector(shadow.version)
              .setSampleRate(shadow.sampleRate)
              .setAbsoluteTolerance(shadow.absoluteTolerance)
              .setRelativeTolerance(shadow.relativeTolerance));
    }
    if (pin != null) {
      rule.setPin(Pin.newBuilder().setVersion(pin.version).setReason(pin.reason));
    }
    if (abort != null) {
      rule.setAbort(abort());
    }
    if (expiresIn != null) {
      rule.setExpireTime(Timestamps.fromMillis(System.currentTimeMillis() + expiresIn.toMillis()));
    }
    return rule.build();
  }

  private AbortPolicy abort() {
    AbortPolicy.Builder policy =
        AbortPolicy.newBuilder()
            .setMinRequests(abort.minRequests)
            .setMaxErrorRate(abort.errors)
            .setMaxMismatchRate(abort.mismatches)
            .setMaxLatencyRatio(abort.latency);
    if (abort.window != null) {
      policy.setWindow(Durations.fromSeconds(abort.window.toSeconds()));
    }
    return policy.build();
  }
}
