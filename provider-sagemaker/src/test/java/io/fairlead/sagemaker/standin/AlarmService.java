package io.fairlead.sagemaker.standin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** CloudWatch, as far as autoscaling uses it: alarms of metrics. */
final class AlarmService {
  static final String SERVICE = "monitoring";
  private static final String NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/";
  private static final List<String> REQUIRED =
      List.of("AlarmName", "ComparisonOperator", "EvaluationPeriods");

  /** The parameters of each alarm, by its name. */
  private final Map<String, Map<String, String>> alarms = new LinkedHashMap<>();

  void remains(Set<String> all) {
    alarms.keySet().forEach(name -> all.add("alarm/" + name));
  }

  /** {@return the parameters with which an alarm was put; null if there is none} */
  @Nullable
  Map<String, String> alarm(String name) {
    Map<String, String> alarm = alarms.get(name);
    return alarm == null ? null : Map.copyOf(alarm);
  }

  Answer answer(Call call) {
    Map<String, String> in = call.form();
    return switch (call.operation()) {
      case "PutMetricAlarm" -> put(in);
      case "DescribeAlarms" -> describe(in);
      case "DeleteAlarms" -> delete(in);
      default -> throw AwsError.of(400, "InvalidAction", call.operation() + " is not known");
    };
  }

  private Answer put(Map<String, String> in) {
    for (String member : REQUIRED) {
      if (in.getOrDefault(member, "").isEmpty()) {
        throw AwsError.of(
            400, "ValidationError", "The parameter " + member + " is required for PutMetricAlarm.");
      }
    }
    if (in.get("AlarmName").length() > 255) {
      throw AwsError.of(400, "ValidationError", "AlarmName must have at most 255 characters.");
    }
    int periods = Integer.parseInt(in.get("EvaluationPeriods"));
    if (Integer.parseInt(in.getOrDefault("DatapointsToAlarm", "1")) > periods) {
      throw AwsError.of(
          400, "ValidationError", "DatapointsToAlarm must not be above EvaluationPeriods.");
    }
    if (!in.containsKey("MetricName") || !in.containsKey("Statistic")) {
      throw AwsError.of(400, "ValidationError", "MetricName and Statistic are required.");
    }
    alarms.put(in.get("AlarmName"), new LinkedHashMap<>(in));
    return Answer.xml(200, "<PutMetricAlarmResponse xmlns=\"" + NAMESPACE + "\"/>");
  }

  private Answer describe(Map<String, String> in) {
    StringBuilder said = new StringBuilder();
    alarms.forEach((name, alarm) -> {
      if (in.containsValue(name)) {
        said.append("<member>")
            .append(Xml.element("AlarmName", name))
            .append(Xml.element("MetricName", alarm.getOrDefault("MetricName", "")))
            .append("<AlarmActions><member>")
            .append(Xml.escape(alarm.getOrDefault("AlarmActions.member.1", "")))
            .append("</member></AlarmActions></member>");
      }
    });
    return Answer.xml(
        200,
        "<DescribeAlarmsResponse xmlns=\"" + NAMESPACE + "\"><DescribeAlarmsResult><MetricAlarms>"
            + said + "</MetricAlarms></DescribeAlarmsResult></DescribeAlarmsResponse>");
  }

  /** What is not there is no error, unless nothing of what is named is there. */
  Answer delete(Map<String, String> in) {
    boolean found = false;
    for (int i = 1; in.containsKey("AlarmNames.member." + i); i++) {
      found |= alarms.remove(in.get("AlarmNames.member." + i)) != null;
    }
    if (!found) {
      throw AwsError.of(404, "ResourceNotFound", "The alarm does not exist.");
    }
    return Answer.xml(200, "<DeleteAlarmsResponse xmlns=\"" + NAMESPACE + "\"/>");
  }
}
