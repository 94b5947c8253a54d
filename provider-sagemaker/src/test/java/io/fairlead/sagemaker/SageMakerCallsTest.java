package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Request;
import io.fairlead.sagemaker.standin.AwsError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;

/** Which calls are made, and which rights they need, as docs/sagemaker.md says. */
class SageMakerCallsTest {
  private static final Path PAGE = Path.of("../docs/sagemaker.md");
  private static final Pattern FIRST_DEPLOY_ROW =
      Pattern.compile("^\\| \\d+ \\| `(\\w+)` \\|", Pattern.MULTILINE);
  private static final Pattern CHANGES_ROW =
      Pattern.compile("^\\| ([\\w ]+) \\| (`[A-Z]\\w+`(, `\\w+`)*) \\|$", Pattern.MULTILINE);
  private static final Pattern JSON = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);

  @TempDir
  Path folder;

  private final Aws aws = Aws.overHttp(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @BeforeEach
  void takeNoTime() {
    aws.account().durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    aws.account().describeDelay(Duration.ZERO);
    aws.account().asyncDuration(Duration.ZERO);
  }

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private Container packaged(byte[] weights) throws IOException {
    Path file = Files.write(folder.resolve("weights"), weights);
    ModelArtifact model = ModelArtifact.of(file).named("bert");
    return await(platform.packageModel(model, RuntimeSpec.of(Aws.IMAGE), Dependencies.NONE));
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return await(platform.deploy(container, scaling, routing));
  }

  private <T> T await(Operation<T> operation) {
    T result = operation.await(LIMIT);
    // A younger configuration would be marked as one that nobody is about to use when it is
    // replaced.
    aws.time().pass(Duration.ofMinutes(3));
    return result;
  }

  @Test
  void aFirstDeployMakesTheCallsThatThePageLists() throws IOException {
    deploy(packaged(new byte[] {1}), ONE, new Routing("bert", "blue"));

    List<String> listed = FIRST_DEPLOY_ROW
        .matcher(Files.readString(PAGE))
        .results()
        .map(row -> row.group(1))
        .toList();
    assertThat(aws.account().calls()).isEqualTo(listed);
  }

  @Test
  void eachOperationChangesWhatThePageLists() throws IOException {
    Map<String, List<String>> done = new LinkedHashMap<>();
    byte[] inParts = new byte[20 << 20];
    new Random(1).nextBytes(inParts);
    packaged(inParts);
    noteChanges("package more than 16 MB", done);
    await(platform.sweep(Duration.ZERO));
    aws.account().forgetCalls();

    Container container = packaged(new byte[] {1});
    noteChanges("package", done);
    Endpoint blue = deploy(container, ONE, new Routing("bert", "blue"));
    noteChanges("deploy the first variant", done);
    Endpoint green = deploy(container, ONE, new Routing("bert", "green"));
    noteChanges("deploy another variant", done);
    await(platform.route(blue.at(90), green.at(10), TrafficWeight.percent(10)));
    noteChanges("route", done);
    await(platform.scale(green, Scaling.fixed("ml.m5.large", 2)));
    noteChanges("scale the count", done);
    await(platform.scale(green, Scaling.fixed("ml.m5.xlarge", 2)));
    noteChanges("scale to another instance type", done);
    Endpoint byLoad = await(platform.scale(green, Scaling.between("ml.m5.xlarge", 1, 3)));
    noteChanges("scale by load", done);
    await(platform.route(blue.at(100), byLoad.at(0), TrafficWeight.NONE));
    aws.account().forgetCalls();
    await(platform.undeploy(byLoad));
    noteChanges("undeploy a variant that scales by load", done);
    await(platform.undeploy(blue));
    noteChanges("undeploy the last variant", done);

    assertThat(done).isEqualTo(listedChanges());
    assertThat(aws.remains()).isEmpty();
  }

  private void noteChanges(String operation, Map<String, List<String>> done) {
    done.put(
        operation, aws.account().calls().stream().filter(call -> !isLook(call)).toList());
    aws.account().forgetCalls();
  }

  private static boolean isLook(String call) {
    return call.startsWith("Describe") || call.startsWith("List") || call.equals("HeadObject");
  }

  private static Map<String, List<String>> listedChanges() throws IOException {
    return CHANGES_ROW
        .matcher(Files.readString(PAGE))
        .results()
        .collect(Collectors.toMap(
            row -> row.group(1), row -> List.of(row.group(2).replace("`", "").split(", ", -1))));
  }

  @Test
  void deployingWhatIsThereLooksAndChangesNothing() throws IOException {
    Container container = packaged(new byte[] {1});
    deploy(container, ONE, new Routing("bert", "blue"));
    aws.account().forgetCalls();

    deploy(container, ONE, new Routing("bert", "blue"));

    assertThat(aws.account().calls())
        .allMatch(SageMakerCallsTest::isLook)
        .hasSizeLessThanOrEqualTo(8);
  }

  @Test
  void undeployingOneOfTwoVariantsListsBeforeAndAfterItsChange() throws IOException {
    Container container = packaged(new byte[] {1});
    deploy(container, ONE, new Routing("bert", "blue"));
    Endpoint green = deploy(container, ONE, new Routing("bert", "green"));
    aws.account().addModel("somebody-elses");
    aws.account().addEndpointConfig("somebody-elses", "somebody-elses", "a");
    aws.account().addEndpoint("somebody-elses", "somebody-elses");
    aws.time().pass(Duration.ofMinutes(3));
    platform.list();
    aws.account().forgetCalls();

    await(platform.undeploy(green));

    assertThat(aws.account().calls()).as("as the page says").hasSizeLessThanOrEqualTo(25);
    assertThat(aws.account().calls())
        .filteredOn(call -> call.equals("ListEndpoints") || call.equals("ListModels"))
        .hasSize(4);
    assertThat(aws.account().requests("ListTags"))
        .noneMatch(request -> request.toString().contains("somebody-elses"));
  }

  // ---- rights ----

  /** The statements of the policy, each of those whose Sid begins with the name. */
  private enum Part {
    LOOK,
    PACKAGE,
    DEPLOY,
    SCALE,
    ROUTE,
    INVOKE,
    UNDEPLOY
  }

  @Test
  void thePolicyAllowsWhatAWholeLifeNeedsAndNothingElse() throws IOException {
    Map<Part, Set<String>> needed = actionsOfAWholeLife();
    Map<Part, Set<String>> allowed = policy();

    Set<String> looking = Set.copyOf(allowed.get(Part.LOOK));
    Map<Part, Set<String>> changing = new EnumMap<>(needed);
    changing.replaceAll((part, actions) -> actions.stream()
        .filter(action -> part == Part.LOOK || !looking.contains(action))
        .collect(Collectors.toCollection(TreeSet::new)));
    // An answer of an asynchronous endpoint is read like an upload, from another bucket.
    changing.get(Part.INVOKE).add("s3:GetObject");
    assertThat(changing.get(Part.LOOK)).isEqualTo(looking);
    assertThat(changing).isEqualTo(allowed);
  }

  private Map<Part, Set<String>> actionsOfAWholeLife() throws IOException {
    Map<Part, Set<String>> actions = new EnumMap<>(Part.class);
    byte[] inParts = new byte[20 << 20];
    new Random(1).nextBytes(inParts);
    aws.account().failNext("UploadPart", AwsError.of(403, "AccessDenied", "Access Denied"));
    assertThatThrownBy(() -> packaged(inParts)).hasMessageContaining("Access Denied");
    Container container = packaged(inParts);
    packaged(new byte[] {1});
    note(Part.PACKAGE, actions);

    Endpoint blue = deploy(container, ONE, new Routing("bert", "blue"));
    Endpoint green = deploy(container, ONE, new Routing("bert", "green"));
    aws.account().failEndpoint("broken", "The container did not pass the ping health check.");
    aws.account().log("/aws/sagemaker/Endpoints/broken", "blue/i-1", List.of("no such file"));
    assertThatThrownBy(() -> deploy(container, ONE, new Routing("broken", "blue")))
        .hasMessageContaining("no such file");
    note(Part.DEPLOY, actions);

    Endpoint scaled = await(platform.scale(green, Scaling.between("ml.m5.large", 1, 3)));
    await(platform.scale(scaled, Scaling.fixed("ml.m5.large", 2)));
    Endpoint byLoad = await(platform.scale(green, Scaling.between("ml.m5.large", 1, 3)));
    note(Part.SCALE, actions);

    await(platform.route(blue.at(90), byLoad.at(10), TrafficWeight.percent(10)));
    note(Part.ROUTE, actions);

    leaveAnUpload();
    platform.list();
    platform.inventory();
    platform.preview(it -> it.deploy(container, ONE, new Routing("bert", "third")));
    platform.scale(byLoad, Scaling.between("ml.m5.large", 1, 3)).await(LIMIT);
    note(Part.LOOK, actions);

    platform.invoke(blue, Request.json("1"));
    platform.invokeStreaming(blue, Request.json("1"), piece -> {});
    Endpoint inS3 = deploy(
        container, ONE, new Routing("slow", "blue").with(SageMakerAsync.to("s3://models/out/")));
    aws.account().forgetCalls();
    aws.account().addObject("models", "in.json", "1".getBytes(UTF_8));
    platform.awaitResult(
        platform.invokeAsync(inS3, AsyncRequest.of("s3://models/in.json", "application/json")),
        LIMIT);
    platform.invoke(blue, Request.json("1"));
    platform.invokeStreaming(blue, Request.json("1"), piece -> {});
    note(Part.INVOKE, actions);

    await(platform.undeploy(byLoad));
    await(platform.undeployAll("bert"));
    await(platform.undeployAll("slow"));
    await(platform.sweep(Duration.ZERO));
    note(Part.UNDEPLOY, actions);
    return actions;
  }

  /** As a process does that dies in the middle of one. */
  private void leaveAnUpload() {
    try (S3Client s3 = aws.s3Console()) {
      s3.createMultipartUpload(request ->
          request.bucket(Aws.BUCKET).key("fairlead/" + "0".repeat(64) + "/model.tar.gz"));
    }
    aws.account().forgetCalls();
  }

  private void note(Part part, Map<Part, Set<String>> actions) {
    Set<String> needed = aws.account().calls().stream()
        .flatMap(SageMakerCallsTest::actions)
        .collect(Collectors.toCollection(TreeSet::new));
    actions.put(part, needed);
    aws.account().forgetCalls();
  }

  /** {@return what IAM calls the right to make a call, and what AWS asks beside it} */
  private static Stream<String> actions(String call) {
    return switch (call) {
      case "HeadObject", "GetObject" -> Stream.of("s3:GetObject");
      case "ListMultipartUploads" -> Stream.of("s3:ListBucketMultipartUploads");
      case "ListParts" -> Stream.of("s3:ListMultipartUploadParts");
      case "DescribeLogStreams", "GetLogEvents" -> Stream.of("logs:" + call);
      case "ListObjectsV2" -> Stream.of("s3:ListBucket");
      case "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload" ->
        Stream.of("s3:PutObject");
      case "AbortMultipartUpload", "DeleteObject" -> Stream.of("s3:" + call);
      case "CreateModel" -> Stream.of("sagemaker:CreateModel", "sagemaker:AddTags", "iam:PassRole");
      case "CreateEndpointConfig", "CreateEndpoint" ->
        Stream.of("sagemaker:" + call, "sagemaker:AddTags");
      case "RegisterScalableTarget" ->
        Stream.of("application-autoscaling:" + call, "iam:CreateServiceLinkedRole");
      case "PutScalingPolicy" ->
        Stream.of(
            "application-autoscaling:" + call,
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:DescribeAlarms");
      case "DeregisterScalableTarget" ->
        Stream.of("application-autoscaling:" + call, "cloudwatch:DeleteAlarms");
      case "DescribeScalableTargets", "DescribeScalingPolicies" ->
        Stream.of("application-autoscaling:" + call);
      default -> Stream.of("sagemaker:" + call);
    };
  }

  private static Map<Part, Set<String>> policy() throws IOException {
    String policy =
        JSON.matcher(Files.readString(PAGE)).results().findFirst().orElseThrow().group(1);
    Map<Part, Set<String>> allowed = new EnumMap<>(Part.class);
    for (JsonNode statement : new ObjectMapper().readTree(policy).path("Statement")) {
      Part part = part(statement.path("Sid").asText());
      Set<String> actions = allowed.computeIfAbsent(part, key -> new TreeSet<>());
      JsonNode action = statement.path("Action");
      if (action.isTextual()) {
        actions.add(action.asText());
      }
      action.forEach(one -> actions.add(one.asText()));
    }
    return allowed;
  }

  private static Part part(String sid) {
    return Stream.of(Part.values())
        .filter(part -> sid.toUpperCase(Locale.ROOT).startsWith(part.name()))
        .findFirst()
        .orElseThrow(() -> new AssertionError("statement " + sid + " is of no operation"));
  }
}
