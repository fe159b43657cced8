package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static dev.slipway.registry.rpc.Failures.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.v1.CheckComparison;
import dev.slipway.registry.v1.CheckOutcome;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.CompareModelVersionsRequest;
import dev.slipway.registry.v1.CompareModelVersionsResponse;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListCheckResultsRequest;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryEventType;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.ReportCheckRequest;
import dev.slipway.registry.v1.RunValueDifference;
import dev.slipway.registry.v1.SignatureDifference;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class CheckRpcsTest {
  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry();
          });

  private RegistryServiceBlockingStub stub;

  @BeforeEach
  void connect() {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER), "ci");
    stub =
        RegistryServiceGrpc.newBlockingStub(server.channel())
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    var unused =
        stub.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder().setName("digits").build());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private long register(String path, String modelFile, String runId) {
    fixture.upload(path + "/MLmodel", modelFile.getBytes(StandardCharsets.UTF_8));
    return stub.createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("digits")
                .setSource("mlflow-artifacts:/" + path)
                .setRunId(runId)
                .build())
        .getVersion();
  }

  private long register(String path) {
    return register(path, RegistryFixture.MODEL_FILE, RegistryFixture.RUN_ID);
  }

  private static ReportCheckRequest.Builder fairness() {
    return ReportCheckRequest.newBuilder()
        .setName("digits")
        .setVersion(1)
        .setCheckName("fairness")
        .setOutcome(CheckOutcome.CHECK_OUTCOME_PASSED)
        .setSummary("0.05 in 42 groups")
        .setLink("https://ci.example/1")
        .addComparisons(
            CheckComparison.newBuilder()
                .setSubject("groups")
                .setExpected("<= 0.1")
                .setActual("0.05")
                .setPassed(true));
  }

  @Test
  void reportCheck_isListedAndAudited() {
    long version = register("1/run/model");

    CheckResult result = stub.reportCheck(fairness().build());

    assertThat(result.getReportedBy()).isEqualTo("ci");
    assertThat(result.getCheckName()).isEqualTo("fairness");
    assertThat(result.getOutcome()).isEqualTo(CheckOutcome.CHECK_OUTCOME_PASSED);
    assertThat(result.getComparisonsList()).isEqualTo(fairness().getComparisonsList());
    assertThat(
            stub.listCheckResults(
                    ListCheckResultsRequest.newBuilder()
                        .setName("digits")
                        .setVersion(version)
                        .build())
                .getResultsList())
        .containsExactly(result);
    RegistryEvent event =
        stub.listActivities(ListActivitiesRequest.newBuilder().setName("digits").build())
            .getEvents(0);
    assertThat(event.getType()).isEqualTo(RegistryEventType.REGISTRY_EVENT_TYPE_CHECK_REPORTED);
    assertThat(event.getVersion()).isEqualTo(version);
    assertThat(event.hasBefore()).isFalse();
    assertThat(event.getAfter().getCheckResult()).isEqualTo(result);
  }

  @Test
  void reportCheck_namesEveryViolation() {
    assertInvalid(
        () ->
            stub.reportCheck(
                ReportCheckRequest.newBuilder()
                    .setCheckName("not a name")
                    .setOutcome(CheckOutcome.CHECK_OUTCOME_MISSING)
                    .setSummary("s".repeat(4097))
                    .setLink("ftp://ci.example")
                    .addComparisons(CheckComparison.newBuilder().setActual("\0"))
                    .build()),
        "name",
        "version",
        "check_name",
        "outcome",
        "summary",
        "link",
        "comparisons[0].actual");
    assertInvalid(
        () ->
            stub.reportCheck(
                fairness()
                    .addAllComparisons(
                        Collections.nCopies(1001, CheckComparison.getDefaultInstance()))
                    .build()),
        "comparisons");
    assertInvalid(
        () ->
            stub.reportCheck(
                fairness()
                    .addComparisons(CheckComparison.newBuilder().setActual("a".repeat(33_000)))
                    .build()),
        "comparisons",
        "comparisons[1].actual");
  }

  @Test
  void checksOfWhatDoesNotExist_areNotFound() {
    assertFails(
        () -> stub.reportCheck(fairness().build()),
        Status.Code.NOT_FOUND,
        "MODEL_VERSION_NOT_FOUND");
    assertFails(
        () -> stub.reportCheck(fairness().setName("nothing").build()),
        Status.Code.NOT_FOUND,
        "REGISTERED_MODEL_NOT_FOUND");
    assertFails(
        () ->
            stub.listCheckResults(
                ListCheckResultsRequest.newBuilder().setName("digits").setVersion(1).build()),
        Status.Code.NOT_FOUND,
        "MODEL_VERSION_NOT_FOUND");
    assertInvalid(
        () -> stub.listCheckResults(ListCheckResultsRequest.getDefaultInstance()),
        "name",
        "version");
  }

  private static CompareModelVersionsRequest compare(long older, long newer) {
    return CompareModelVersionsRequest.newBuilder()
        .setName("digits")
        .setVersion(older)
        .setOtherVersion(newer)
        .build();
  }

  @Test
  void compareModelVersions_tellsHowSignaturesAndRunsDiffer() {
    long older = register("1/run/model");
    long newer =
        register(
            "1/run/other",
            RegistryFixture.MODEL_FILE.replace("\"long\"", "\"double\""),
            RegistryFixture.RUN_ELSEWHERE);

    CompareModelVersionsResponse comparison = stub.compareModelVersions(compare(older, newer));

    assertThat(comparison.getOlder().getVersion()).isEqualTo(older);
    assertThat(comparison.getNewer().getVersion()).isEqualTo(newer);
    assertThat(comparison.getSamePackage()).isFalse();
    assertThat(comparison.getSignatureDiff().getDifferencesList())
        .extracting(SignatureDifference::getPath)
        .containsExactly("inputs[age]");
    assertThat(comparison.getRunDifferencesList())
        .containsExactly(
            RunValueDifference.newBuilder()
                .setKind(RunValueDifference.Kind.KIND_PARAM)
                .setName("depth")
                .setOlder("3")
                .build(),
            RunValueDifference.newBuilder()
                .setKind(RunValueDifference.Kind.KIND_PARAM)
                .setName("lr")
                .setOlder("0.1")
                .setNewer("0.01")
                .build(),
            RunValueDifference.newBuilder()
                .setKind(RunValueDifference.Kind.KIND_METRIC)
                .setName("loss")
                .setOlder("0.25")
                .setNewer("0.125")
                .build());
    assertThat(comparison.getRunDifferencesTruncated()).isFalse();
  }

  @Test
  void compareModelVersions_ofTheSamePackage_findsNoDifference() {
    long one = register("1/run/model");
    long two = register("1/run/model");

    CompareModelVersionsResponse comparison = stub.compareModelVersions(compare(one, two));

    assertThat(comparison.getSamePackage()).isTrue();
    assertThat(comparison.getSignatureDiff().getDifferencesList()).isEmpty();
    assertThat(comparison.getRunDifferencesList()).isEmpty();
  }

  @Test
  void compareModelVersions_refusesWhatIsMalformedOrDoesNotExist() {
    long one = register("1/run/model");

    assertInvalid(
        () -> stub.compareModelVersions(CompareModelVersionsRequest.getDefaultInstance()),
        "name",
        "version",
        "other_version");
    assertFails(
        () -> stub.compareModelVersions(compare(one, 9)),
        Status.Code.NOT_FOUND,
        "MODEL_VERSION_NOT_FOUND");
    assertFails(
        () ->
            stub.compareModelVersions(compare(one, 1).toBuilder().setOtherName("nothing").build()),
        Status.Code.NOT_FOUND,
        "REGISTERED_MODEL_NOT_FOUND");
  }

  @Test
  void compareModelVersions_withoutTheTrackingService_isUnavailable() {
    long older = register("1/run/model");
    long newer = register("1/run/other", RegistryFixture.MODEL_FILE, RegistryFixture.RUN_ELSEWHERE);
    fixture.stopUpstream();

    assertFails(
        () -> stub.compareModelVersions(compare(older, newer)),
        Status.Code.UNAVAILABLE,
        "TRACKING_SERVICE_UNAVAILABLE");
  }
}
