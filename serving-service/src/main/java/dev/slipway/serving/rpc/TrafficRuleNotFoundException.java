package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import java.util.Map;

/** Reports that a stage of a model has no traffic rule. */
final class TrafficRuleNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  TrafficRuleNotFoundException(RuleKey key) {
    super(
        ErrorKind.NOT_FOUND,
        "TRAFFIC_RULE_NOT_FOUND",
        "there is no traffic rule for %s %s".formatted(key.model(), key.stage().text()),
        Map.of("model", key.model(), "stage", key.stage().text()));
  }
}
