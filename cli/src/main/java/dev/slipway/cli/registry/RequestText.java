package dev.slipway.cli.registry;

import dev.slipway.cli.client.Moments;
import dev.slipway.cli.client.StageName;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.TransitionDecision;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.registry.v1.TransitionRequestState;
import java.io.PrintWriter;
import java.time.Clock;

/** Tells transition requests to people. Stateless. */
final class RequestText {
  private static final Clock CLOCK = Clock.systemUTC();

  private RequestText() {}

  static TextTable table(PrintWriter out) {
    return new TextTable(
        out, "REQUEST", "VERSION", "FROM", "TO", "STATE", "APPROVALS", "BY", "AGE", "COMMENT");
  }

  static void row(TextTable table, TransitionRequest request) {
    table.row(
        request.getTransitionRequestId(),
        request.getName() + "/" + request.getVersion(),
        StageName.of(request.getFromStage()),
        StageName.of(request.getToStage()),
        state(request),
        approvals(request) + "/" + request.getRequiredApprovals(),
        request.getRequestedBy(),
        Moments.age(request.getCreateTime(), CLOCK),
        request.getComment());
  }

  static void print(PrintWriter out, TransitionRequest request) {
    out.printf(
        "Request %s: %s/%d from %s to %s, %s%n",
        request.getTransitionRequestId(),
        request.getName(),
        request.getVersion(),
        StageName.of(request.getFromStage()),
        StageName.of(request.getToStage()),
        state(request));
    TextLines lines = new TextLines(out);
    lines.line(
        "asked",
        Moments.exact(request.getCreateTime())
            + " by "
            + request.getRequestedBy()
            + quoted(request.getComment()));
    for (TransitionDecision decision : request.getDecisionsList()) {
      lines.line(
          decision.getApproved() ? "approved" : "rejected",
          Moments.exact(decision.getDecisionTime())
              + " by "
              + decision.getActor()
              + quoted(decision.getComment()));
    }
    if (request.getState() == TransitionRequestState.TRANSITION_REQUEST_STATE_OPEN) {
      lines.line(
          "needs",
          "%d of %d approvals more, until %s"
              .formatted(
                  Math.max(0, request.getRequiredApprovals() - approvals(request)),
                  request.getRequiredApprovals(),
                  Moments.exact(request.getExpireTime())));
    } else if (request.hasCloseTime()) {
      lines.line("closed", Moments.exact(request.getCloseTime()));
    }
    if (request.getCheckReport().getResultsCount() > 0) {
      CheckText.print(out, request.getCheckReport());
    }
  }

  private static long approvals(TransitionRequest request) {
    return request.getDecisionsList().stream().filter(TransitionDecision::getApproved).count();
  }

  private static String state(TransitionRequest request) {
    return Words.of(request.getState(), "TRANSITION_REQUEST_STATE_");
  }

  private static String quoted(String comment) {
    return comment.isEmpty() ? "" : ": \"" + comment + '"';
  }
}
