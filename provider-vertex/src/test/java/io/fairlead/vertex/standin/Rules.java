package io.fairlead.vertex.standin;

import com.google.api.FieldBehavior;
import com.google.api.FieldBehaviorProto;
import com.google.api.ResourceProto;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.ReservationAffinity;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What every request must keep; each method throws INVALID_ARGUMENT. */
final class Rules {
  private static final Map<String, String> COLLECTIONS = Map.of(
      "aiplatform.googleapis.com/Model", "models",
      "aiplatform.googleapis.com/Endpoint", "endpoints",
      "aiplatform.googleapis.com/DeploymentResourcePool", "deploymentResourcePools",
      "aiplatform.googleapis.com/ModelDeploymentMonitoringJob", "modelDeploymentMonitoringJobs",
      "locations.googleapis.com/Location", "");
  private static final Pattern LABEL = Pattern.compile("[\\p{Ll}\\p{Lo}\\p{N}_-]{1,64}");
  private static final Set<String> METRICS = Set.of(
      "aiplatform.googleapis.com/prediction/online/cpu/utilization",
      "aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle",
      "aiplatform.googleapis.com/prediction/online/request_count");

  /** A field, and of which collection its value names something; null if it is no name. */
  private record Checked(
      FieldDescriptor field, boolean required, @Nullable String collection) {}

  /** What the SDK says of each type of message, looked up once: at each call it is most of what a call costs. */
  private static final Map<Descriptor, List<Checked>> CHECKED = new ConcurrentHashMap<>();

  private Rules() {}

  /** Every field that is marked REQUIRED is set, and every name has the pattern of what it names. */
  static void shape(Message request) {
    List<Map.Entry<String, String>> problems = new ArrayList<>();
    // What an update does not mask is not looked at.
    walk(request, "", Fields.find(request, "update_mask") != null, problems);
    if (!problems.isEmpty()) {
      throw Refusal.invalid(problems);
    }
  }

  private static void walk(
      Message message, String path, boolean shallow, List<Map.Entry<String, String>> problems) {
    for (Checked checked :
        CHECKED.computeIfAbsent(message.getDescriptorForType(), Rules::checked)) {
      FieldDescriptor field = checked.field();
      String name = path + field.getName();
      if (checked.required() && !isSet(message, field)) {
        problems.add(Map.entry(name, "Required field is not set."));
      }
      if (checked.collection() != null) {
        name((String) message.getField(field), checked.collection())
            .ifPresent(problem -> problems.add(Map.entry(name, problem)));
      }
      if (shallow || field.getJavaType() != JavaType.MESSAGE) {
        continue;
      }
      if (field.isRepeated()) {
        int index = 0;
        for (Object one : (List<?>) message.getField(field)) {
          walk((Message) one, name + "[" + index++ + "].", false, problems);
        }
      } else if (message.hasField(field)) {
        walk((Message) message.getField(field), name + ".", false, problems);
      }
    }
  }

  /** {@return the fields of a message that there is something to check of} */
  private static List<Checked> checked(Descriptor type) {
    List<Checked> checked = new ArrayList<>();
    for (FieldDescriptor field : type.getFields()) {
      List<FieldBehavior> behavior =
          field.getOptions().getExtension(FieldBehaviorProto.fieldBehavior);
      if (behavior.contains(FieldBehavior.OUTPUT_ONLY)) {
        continue;
      }
      boolean required = behavior.contains(FieldBehavior.REQUIRED);
      String collection = collection(field);
      if (required || collection != null || field.getJavaType() == JavaType.MESSAGE) {
        checked.add(new Checked(field, required, collection));
      }
    }
    return List.copyOf(checked);
  }

  private static @Nullable String collection(FieldDescriptor field) {
    if (field.getJavaType() != JavaType.STRING
        || field.isRepeated()
        || !field.getOptions().hasExtension(ResourceProto.resourceReference)) {
      return null;
    }
    String type =
        field.getOptions().getExtension(ResourceProto.resourceReference).getType();
    return type.isEmpty() ? "" : COLLECTIONS.get(type);
  }

  private static boolean isSet(Message message, FieldDescriptor field) {
    if (field.isRepeated()) {
      return message.getRepeatedFieldCount(field) > 0;
    }
    return field.hasPresence()
        ? message.hasField(field)
        : !message.getField(field).equals(field.getDefaultValue());
  }

  private static Optional<String> name(String value, String collection) {
    boolean matches = value.isEmpty()
        || ResourceName.parse(value)
            .filter(parsed -> parsed.collection().equals(collection))
            .isPresent();
    return matches ? Optional.empty() : Optional.of("Invalid resource name: " + value);
  }

  static void displayName(String name) {
    check(
        name.codePointCount(0, name.length()) <= 128,
        "display_name",
        "The display name can be up to 128 characters long.");
  }

  static void labels(Map<String, String> labels) {
    check(labels.size() <= 64, "labels", "No more than 64 labels can be set.");
    labels.forEach((key, value) -> check(
        LABEL.matcher(key).matches()
            && (value.isEmpty() || LABEL.matcher(value).matches())
            && !Character.isDigit(key.charAt(0)),
        "labels",
        "Invalid label: " + key + "=" + value));
  }

  static void pattern(String field, Pattern pattern, String value) {
    check(pattern.matcher(value).matches(), field, "\"" + value + "\" must match " + pattern);
  }

  /** A split that is given: of what there is, and whole. */
  static void split(Map<String, Integer> split, Collection<String> ids) {
    List<String> unknown =
        split.keySet().stream().filter(id -> !ids.contains(id)).sorted().toList();
    check(
        unknown.isEmpty(),
        "traffic_split",
        "The following DeployedModel ID(s) " + unknown + " do not exist.");
    check(
        split.values().stream().allMatch(percent -> percent >= 0)
            && (split.isEmpty()
                || split.values().stream().mapToInt(Integer::intValue).sum() == 100),
        "traffic_split",
        "The traffic split percentages must add up to 100, got " + split);
  }

  static void replicas(DedicatedResources resources, String path) {
    int min = resources.getMinReplicaCount();
    int max = Math.max(resources.getMaxReplicaCount(), 0);
    check(min >= 1, path + "min_replica_count", "must be at least 1.");
    check(
        max == 0 || max >= min,
        path + "max_replica_count",
        "must be at least min_replica_count, which is " + min + ", but is " + max + ".");
    check(
        resources.getRequiredReplicaCount() >= 0 && resources.getRequiredReplicaCount() <= min,
        path + "required_replica_count",
        "must be at most min_replica_count.");
    var machine = resources.getMachineSpec();
    check(
        !machine.getMachineType().isEmpty(),
        path + "machine_spec.machine_type",
        "Required field is not set.");
    check(
        (machine.getAcceleratorTypeValue() != 0) == (machine.getAcceleratorCount() > 0),
        path + "machine_spec.accelerator_count",
        "accelerator_type and accelerator_count go together.");
    boolean hasTpus = machine.getMachineType().matches("(ct|tpu)[0-9].*t");
    check(
        hasTpus == !machine.getTpuTopology().isEmpty(),
        path + "machine_spec.tpu_topology",
        "goes together with a machine type that has TPUs.");
    check(
        machine.getGpuPartitionSize().isEmpty() || machine.getAcceleratorCount() == 1,
        path + "machine_spec.gpu_partition_size",
        "accelerator_count should be set to 1.");
    var reservation = machine.getReservationAffinity();
    check(
        (reservation.getReservationAffinityType() == ReservationAffinity.Type.SPECIFIC_RESERVATION)
            == (reservation.getValuesCount() > 0 && !reservation.getKey().isEmpty()),
        path + "machine_spec.reservation_affinity",
        "key and values go together with SPECIFIC_RESERVATION.");
    Set<String> seen = new HashSet<>();
    for (var metric : resources.getAutoscalingMetricSpecsList()) {
      check(
          METRICS.contains(metric.getMetricName()) && seen.add(metric.getMetricName()),
          path + "autoscaling_metric_specs",
          "Unsupported or repeated metric: " + metric.getMetricName());
      check(
          metric.getTarget() >= 0 && (metric.getTarget() <= 100 || isCount(metric.getMetricName())),
          path + "autoscaling_metric_specs.target",
          "must be between 1 and 100.");
    }
    check(
        machine.getAcceleratorCount() > 0
            || seen.stream().noneMatch(metric -> metric.endsWith("/accelerator/duty_cycle")),
        path + "autoscaling_metric_specs",
        "accelerator/duty_cycle needs an accelerator.");
  }

  private static boolean isCount(String metric) {
    return metric.endsWith("/request_count");
  }

  static void mask(FieldMask mask, Set<String> mutable) {
    for (String path : mask.getPathsList()) {
      check(
          path.equals(path.toLowerCase(Locale.ROOT)) && mutable.contains(path),
          "update_mask",
          "Unsupported path: " + path + ". Only these may be updated: "
              + mutable.stream().sorted().toList());
    }
  }

  static void values(String field, Collection<Value> values) {
    for (Value value : values) {
      check(isWhole(value), field, "A Value must have one of its kinds set.");
    }
  }

  private static boolean isWhole(Value value) {
    return switch (value.getKindCase()) {
      case KIND_NOT_SET -> false;
      case LIST_VALUE -> value.getListValue().getValuesList().stream().allMatch(Rules::isWhole);
      case STRUCT_VALUE ->
        value.getStructValue().getFieldsMap().values().stream().allMatch(Rules::isWhole);
      default -> true;
    };
  }

  static void check(boolean holds, String field, String problem) {
    if (!holds) {
      throw Refusal.invalid(field, problem);
    }
  }
}
