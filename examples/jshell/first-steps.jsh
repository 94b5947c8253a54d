// The first steps, as you would type them: examples/run jshell
import io.fairlead.error.*
import io.fairlead.grammar.*
import io.fairlead.json.*
import io.fairlead.operation.*
import io.fairlead.platform.*
import io.fairlead.serverless.*
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

Response ask(String... texts) {
  return local.invoke(blue, Request.texts(texts));
}

local.list().forEach(System.out::println)
System.out.println(ask("Which food never spoils?"))

// deploy : ModelArtifact -> Function
ServerlessPlatform functions = Platforms.open("serverless", ServerlessPlatform.class)
ModelFunction f = functions.deploy(model.named("ask"), FunctionLimits.DEFAULT).await(limit)
System.out.println(functions.invoke(f, Request.texts("hello")))

System.out.println("To go on: ask(\"hello\").text(), local.preview(p -> p.undeploy(green)), local.inventory(), functions.status(f), functions.url(f).")
System.out.println("To end:   local.undeploy(green).await(limit), local.undeploy(blue).await(limit), /exit")
