package dev.slipway.cli.registry;

import com.google.protobuf.util.Durations;
import dev.slipway.cli.client.Age;
import dev.slipway.cli.client.Moments;
import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.StagePolicy;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;

/** Tells stage policies to people. Stateless. */
final class PolicyText {
  private PolicyText() {}

  /** Returns whose policy it is. */
  static String scope(String name) {
    return name.isEmpty() ? "all models" : name;
  }

  static void print(PrintWriter out, StagePolicy policy) {
    out.println(scope(policy.getName()) + ", " + StageName.of(policy.getStage()));
    TextLines lines = new TextLines(out);
    boolean asks = policy.getRequiredApprovals() > 0;
    lines.line("moved by", asks ? "request" : roles(policy.getTransitionRolesList(), "everybody"));
    if (asks) {
      lines.line(
          "approvals",
          "%d, by %s%s"
              .formatted(
                  policy.getRequiredApprovals(),
                  roles(policy.getApproverRolesList(), "everybody"),
                  policy.getAllowSelfApproval()
                      ? ", also by the one who asked"
                      : ", but the one who asked"));
      lines.line(
          "open for",
          Age.words(Duration.ofSeconds(Durations.toSeconds(policy.getRequestLifetime()))));
    }
    lines.line("forced by", roles(policy.getForceRolesList(), "nobody"));
    lines.lines("checks", policy.getChecksList().stream().map(PolicyText::check).toList());
    lines.line("several", policy.getAllowMultipleVersions() ? "versions may be there" : "");
    lines.line("set", Moments.exact(policy.getUpdateTime()) + " by " + policy.getUpdatedBy());
  }

  private static String roles(List<String> roles, String nobodyNamed) {
    return roles.isEmpty() ? nobodyNamed : String.join(", ", roles);
  }

  private static String check(Check check) {
    return check.getName() + ": " + CheckOption.write(check);
  }
}
