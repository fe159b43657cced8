package dev.slipway.serving.rpc;

import dev.slipway.engine.packaging.OutputDeviation;
import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.v1.SignatureDiff;
import dev.slipway.registry.v1.SignatureDifference.Kind;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.VersionValidator.Check;
import dev.slipway.serving.model.VersionValidator.Outcome;
import dev.slipway.serving.model.VersionValidator.Validation;
import dev.slipway.serving.v1.CheckResult;
import dev.slipway.serving.v1.GoldenResult;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidateVersionResponse;
import dev.slipway.serving.v1.ValidationCheck;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Reads and writes the messages of ValidateVersion. */
final class ValidationProtos {
  private ValidationProtos() {}

  static Set<Check> checks(ValidateVersionRequest request, Violations violations) {
    Set<Check> checks = EnumSet.noneOf(Check.class);
    for (int i = 0; i < request.getChecksCount(); i++) {
      Optional<Check> check = check(request.getChecks(i));
      if (check.isEmpty()) {
        violations.add("checks[" + i + "]", "must be one of the checks");
      } else if (!checks.add(check.get())) {
        violations.add("checks[" + i + "]", "is given twice");
      }
    }
    return request.getChecksCount() == 0 ? EnumSet.allOf(Check.class) : checks;
  }

  private static Optional<Check> check(ValidationCheck check) {
    return switch (check) {
      case VALIDATION_CHECK_LOAD -> Optional.of(Check.LOAD);
      case VALIDATION_CHECK_GOLDEN -> Optional.of(Check.GOLDEN);
      case VALIDATION_CHECK_SIGNATURE -> Optional.of(Check.SIGNATURE);
      case VALIDATION_CHECK_TENSORS -> Optional.of(Check.TENSORS);
      case VALIDATION_CHECK_PIPELINE -> Optional.of(Check.PIPELINE);
      case VALIDATION_CHECK_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }

  private static ValidationCheck check(Check check) {
    return switch (check) {
      case LOAD -> ValidationCheck.VALIDATION_CHECK_LOAD;
      case GOLDEN -> ValidationCheck.VALIDATION_CHECK_GOLDEN;
      case SIGNATURE -> ValidationCheck.VALIDATION_CHECK_SIGNATURE;
      case TENSORS -> ValidationCheck.VALIDATION_CHECK_TENSORS;
      case PIPELINE -> ValidationCheck.VALIDATION_CHECK_PIPELINE;
    };
  }

  static ValidateVersionResponse response(CatalogVersion version, Validation validation) {
    ValidateVersionResponse.Builder response =
        ValidateVersionResponse.newBuilder()
            .setPassed(validation.passed())
            .setPackageDigest(version.packageDigest())
            .setBaselineVersion(validation.baseline().map(VersionKey::version).orElse(0L))
            .setMemoryBytes(validation.memoryBytes());
    validation
        .loadDuration()
        .ifPresent(took -> response.setLoadDuration(ServingProtos.duration(took)));
    validation.outcomes().forEach(outcome -> response.addChecks(result(outcome)));
    return response.build();
  }

  private static CheckResult result(Outcome outcome) {
    CheckResult.Builder result =
        CheckResult.newBuilder()
            .setCheck(check(outcome.check()))
            .setPassed(outcome.passed())
            .setMessage(outcome.message())
            .setDuration(ServingProtos.duration(outcome.duration()));
    outcome.golden().forEach(request -> result.addGolden(golden(request)));
    outcome.diff().ifPresent(diff -> result.setSignatureDiff(diff(diff)));
    return result.build();
  }

  /** Writes how a golden request came out. */
  static GoldenResult golden(LoadedModel.WarmUp request) {
    GoldenResult.Builder golden =
        GoldenResult.newBuilder()
            .setName(request.result().name())
            .setPassed(request.result().passed())
            .setError(String.join("; ", request.result().problems()))
            .setDuration(ServingProtos.duration(request.duration()));
    for (OutputDeviation output : request.result().outputs()) {
      golden.addOutputs(
          dev.slipway.serving.v1.OutputDeviation.newBuilder()
              .setOutput(output.output())
              .setMaxAbsolute(output.maxAbsolute())
              .setMaxRelative(output.maxRelative())
              .setMismatches(output.mismatches())
              .setElements(output.elements())
              .setWorstIndex(output.worstIndex()));
    }
    return golden.build();
  }

  private static SignatureDiff diff(dev.slipway.engine.signature.SignatureDiff diff) {
    SignatureDiff.Builder message =
        SignatureDiff.newBuilder()
            .setBackwardCompatible(diff.isBackwardCompatible())
            .setForwardCompatible(diff.isForwardCompatible());
    for (SignatureDifference difference : diff.differences()) {
      message.addDifferences(
          dev.slipway.registry.v1.SignatureDifference.newBuilder()
              .setPath(difference.path())
              .setKind(kind(difference.kind()))
              .setOlder(difference.older())
              .setNewer(difference.newer())
              .setBackwardCompatible(difference.backwardCompatible())
              .setForwardCompatible(difference.forwardCompatible()));
    }
    return message.build();
  }

  private static Kind kind(SignatureDifference.Kind kind) {
    return switch (kind) {
      case ADDED -> Kind.KIND_ADDED;
      case REMOVED -> Kind.KIND_REMOVED;
      case TYPE_WIDENED -> Kind.KIND_TYPE_WIDENED;
      case TYPE_NARROWED -> Kind.KIND_TYPE_NARROWED;
      case TYPE_CHANGED -> Kind.KIND_TYPE_CHANGED;
      case BECAME_OPTIONAL -> Kind.KIND_BECAME_OPTIONAL;
      case BECAME_REQUIRED -> Kind.KIND_BECAME_REQUIRED;
      case SHAPE_CHANGED -> Kind.KIND_SHAPE_CHANGED;
      case DEFAULT_CHANGED -> Kind.KIND_DEFAULT_CHANGED;
      case MOVED -> Kind.KIND_MOVED;
    };
  }
}
