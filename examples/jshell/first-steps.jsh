// The first steps, as you would type them: examples/run jshell
import io.fairlead.grammar.*
import io.fairlead.platform.*
import java.time.Duration

Duration limit = Duration.ofMinutes(1)
EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)

// package : ModelArtifact -> Container
ModelArtifact model = ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"))
Container container = local.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE).await(limit)

// deploy : Container -> Endpoint
Endpoint blue = local.deploy(container, Scaling.fixed(1), new Routing("ask", "blue")).await(limit)
Endpoint green = local.deploy(container, Scaling.fixed(1), new Routing("ask", "green")).await(limit)

// route : Version x Version x Weight -> Version
Version canary = local.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(limit)

Response ask(String text) {
  return local.invoke(blue, Request.json("{\"inputs\": \"" + text + "\"}"));
}

local.list().forEach(System.out::println)
System.out.println(ask("Which food never spoils?"))

// deploy : ModelArtifact -> Function
FunctionPlatform functions = Platforms.open("serverless", FunctionPlatform.class)
ModelFunction f = functions.deploy(model.named("ask"), FunctionLimits.DEFAULT).await(limit)
System.out.println(functions.invoke(f, Request.json("{\"inputs\": \"hello\"}")))

System.out.println("To go on: ask(\"hello\").text(), local.preview(p -> p.undeploy(green)), local.inventory(), functions.url(f).")
System.out.println("To end:   local.undeploy(green).await(limit), local.undeploy(blue).await(limit), /exit")
