package dev.slipway.serving.upstream;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model's traffic rules as tags of the registered model, one per stage: {@code
 * slipway.serving.traffic.production} = the {@code TrafficRule} in JSON. An empty value is as none.
 */
final class TrafficRuleTags {
  private static final Logger log = LoggerFactory.getLogger(TrafficRuleTags.class);

  private static final String PREFIX = "slipway.serving.traffic.";

  private TrafficRuleTags() {}

  static String tag(Stage stage) {
    return PREFIX + stage.text().toLowerCase(Locale.ROOT);
  }

  static Map<Stage, TrafficRule> read(String model, Map<String, String> tags) {
    Map<Stage, TrafficRule> rules = new EnumMap<>(Stage.class);
    for (Stage stage : List.of(Stage.PRODUCTION, Stage.STAGING)) {
      read(model, stage, tags).ifPresent(rule -> rules.put(stage, rule));
    }
    return rules;
  }

  /** Reads the rule of one stage; one that may not be set, put there by hand, is passed over. */
  static Optional<TrafficRule> read(String model, Stage stage, Map<String, String> tags) {
    String text = tags.getOrDefault(tag(stage), "");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      dev.slipway.serving.v1.TrafficRule.Builder message =
          dev.slipway.serving.v1.TrafficRule.newBuilder();
      JsonFormat.parser().ignoringUnknownFields().merge(text, message);
      Violations violations = new Violations();
      TrafficRule rule = TrafficRuleMessages.read(message.build(), stage, "rule", violations);
      violations.throwIfAny();
      return Optional.of(rule);
    } catch (InvalidProtocolBufferException | InvalidRequestException e) {
      log.warn(
          "model {} has the tag {}, which is passed over: {}", model, tag(stage), e.getMessage());
      return Optional.empty();
    }
  }

  /** Writes a rule; model and stage are told by where the tag is. */
  static String write(TrafficRule rule) {
    try {
      return JsonFormat.printer()
          .preservingProtoFieldNames()
          .omittingInsignificantWhitespace()
          .print(TrafficRuleMessages.write(rule));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a rule cannot be written as JSON", e);
    }
  }
}
