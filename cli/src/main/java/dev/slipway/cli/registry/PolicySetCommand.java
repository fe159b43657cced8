package dev.slipway.cli.registry;

import com.google.protobuf.util.Durations;
import dev.slipway.cli.client.Age;
import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.SetStagePolicyRequest;
import dev.slipway.registry.v1.StagePolicy;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sets a stage policy. */
@Command(
    name = "set",
    mixinStandardHelpOptions = true,
    description = {
      "Sets the policy of a stage, in the place of the one that is there: what is not given is not"
          + " asked for.",
      "A CHECK is one of, with a name of its own before it if need be (NAME:CHECK):",
      CheckOption.FORMS,
      "",
      "  slipway models policy set digits --check signature=full --check max=val_accuracy,0.01",
      "  slipway models policy set digits --check latency:metrics='metrics.p99_ms < 20'"
    })
final class PolicySetCommand extends RegistryCall {
  @Mixin private final PolicyScope scope = new PolicyScope();

  @Option(
      names = "--transition-roles",
      paramLabel = "ROLE",
      split = ",",
      description = "Roles that may move versions there. Default: everybody.")
  private List<String> transitionRoles = List.of();

  @Option(
      names = "--approvals",
      paramLabel = "N",
      defaultValue = "0",
      description = "Approvals that a move needs, 0 to 16. Default: ${DEFAULT-VALUE}.")
  private int approvals;

  @Option(
      names = "--approver-roles",
      paramLabel = "ROLE",
      split = ",",
      description = "Roles that may approve. Default: everybody.")
  private List<String> approverRoles = List.of();

  @Option(
      names = "--allow-self-approval",
      description = "Counts the approval of the one who asked, too.")
  private boolean allowSelfApproval;

  @Option(
      names = "--force-roles",
      paramLabel = "ROLE",
      split = ",",
      description = "Roles that may pass by approvals and checks. Default: nobody.")
  private List<String> forceRoles = List.of();

  @Option(
      names = "--check",
      paramLabel = "CHECK",
      converter = CheckOption.class,
      description = "What a version must meet; may be repeated.")
  private List<Check> checks = List.of();

  @Option(
      names = "--request-lifetime",
      paramLabel = "AGE",
      converter = Age.class,
      description = "How long a request stays open: a number and s, m, h or d. Default: 7d.")
  private Duration requestLifetime;

  @Option(names = "--allow-multiple-versions", description = "Lets several versions be in Staging.")
  private boolean allowMultipleVersions;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    StagePolicy.Builder policy =
        StagePolicy.newBuilder()
            .setName(scope.name())
            .setStage(scope.stage())
            .addAllTransitionRoles(transitionRoles)
            .setRequiredApprovals(approvals)
            .addAllApproverRoles(approverRoles)
            .setAllowSelfApproval(allowSelfApproval)
            .addAllForceRoles(forceRoles)
            .addAllChecks(checks)
            .setAllowMultipleVersions(allowMultipleVersions);
    if (requestLifetime != null) {
      policy.setRequestLifetime(Durations.fromSeconds(requestLifetime.toSeconds()));
    }
    print(
        registry.setStagePolicy(SetStagePolicyRequest.newBuilder().setPolicy(policy).build()),
        set -> PolicyText.print(out(), set));
  }
}
