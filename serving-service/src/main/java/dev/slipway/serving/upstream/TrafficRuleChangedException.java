package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.Stage;
import java.util.Map;

/** Reports that a traffic rule is not at the revision that the caller has seen. */
public final class TrafficRuleChangedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  TrafficRuleChangedException(String model, Stage stage, long expected, long actual) {
    super(
        ErrorKind.ABORTED,
        "TRAFFIC_RULE_CHANGED",
        "the traffic rule of %s %s is %s, not at revision %d; read it again and decide anew"
            .formatted(
                model, stage.text(), actual == 0 ? "gone" : "at revision " + actual, expected),
        Map.of("model", model, "stage", stage.text(), "revision", Long.toString(actual)));
  }
}
