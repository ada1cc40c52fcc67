//! The schedule and the posterior against 37 schedules computed by the released code and from the paper.

use resshift::paper::process::{deterministic, kl_weight, marginal, posterior, prior, transition};
use resshift::paper::schedule::{Definition, Schedule, ScheduleConfig};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map(|a| a.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/schedule.json")).unwrap()
}

fn config(entry: &Value) -> ScheduleConfig {
    let number = |key: &str| entry[key].as_f64();
    let definition = match entry["definition"].as_str().unwrap() {
        "code" => Definition::Code,
        "paper" => Definition::Paper,
        _ => Definition::CodeV2,
    };
    let mut config =
        ScheduleConfig::new(entry["T"].as_u64().unwrap() as usize, number("p").unwrap(), number("kappa").unwrap());
    config.min_noise_level = number("min_noise_level").unwrap_or(0.04);
    config.sqrt_eta_end = number("etas_end").unwrap_or(0.99);
    config.definition = definition;
    config
}

/// Largest relative error.
fn compare(name: &str, got: impl Iterator<Item = f64>, want: &[f64], tolerance: f64) -> f64 {
    let got: Vec<f64> = got.collect();
    assert_eq!(got.len(), want.len(), "{name}");
    let worst = got.iter().zip(want).map(|(g, w)| (g - w).abs() / w.abs().max(1e-300)).fold(0.0, f64::max);
    assert!(worst <= tolerance, "{name}: {worst:e}\n{got:?}\n{want:?}");
    worst
}

/// 1e-12 relative: pow differs between maths libraries by some units in the last place.
#[test]
fn all_golden_schedules() {
    let golden = golden();
    let entries = golden["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 37);
    let mut worst = 0f64;
    for entry in entries {
        let name = format!("{} {}", entry["tag"], entry["definition"]);
        let schedule = Schedule::new(config(entry)).unwrap();
        let steps = 0..schedule.steps();
        let field = |key: &str| numbers(&entry[key]);
        let mut check = |key: &str, got: Vec<f64>| {
            let want = field(key);
            if !want.is_empty() {
                worst = worst.max(compare(&format!("{name} {key}"), got.into_iter(), &want, 1e-12));
            }
        };
        check("sqrt_eta", schedule.sqrt_eta.clone());
        check("eta", steps.clone().map(|t| schedule.eta(Some(t))).collect());
        check("alpha", steps.clone().map(|t| schedule.alpha(t)).collect());
        check("input_std", steps.clone().map(|t| schedule.input_std(t)).collect());
        check("kappa_sqrt_eta", steps.clone().map(|t| marginal(&schedule, t).std).collect());
        let q = |t: usize| posterior(&schedule, t, t.checked_sub(1));
        check("post_mean_coef_x0", steps.clone().map(|t| q(t).b).collect());
        check("mse_weight_kl", steps.clone().map(|t| kl_weight(&schedule, t)).collect());
        // Both are exactly 0 at the last step of the chain, where a relative error means nothing.
        let tail = |key: &str| field(key).split_first().map(|(_, tail)| tail.to_vec()).unwrap_or_default();
        for (key, got) in [
            ("post_mean_coef_xt", steps.clone().skip(1).map(|t| q(t).a).collect::<Vec<_>>()),
            ("post_var", steps.clone().skip(1).map(|t| q(t).std.powi(2)).collect()),
        ] {
            let want = tail(key);
            if !want.is_empty() {
                worst = worst.max(compare(&format!("{name} {key}"), got.into_iter(), &want, 1e-12));
            }
        }
        assert_eq!((q(0).a, q(0).b, q(0).std), (0.0, 1.0, 0.0), "{name}: the last step returns x0 itself");
    }
    println!("schedule.json: max relative error = {worst:.1e}, tolerance 1e-12");
}

#[test]
fn thousand_steps_and_respacing() {
    let golden = golden();
    let long = &golden["ldm_like"];
    let schedule = Schedule::new(config(long)).unwrap();
    let index = numbers(&long["index"]);
    let got = index.iter().map(|&i| schedule.sqrt_eta[i as usize]);
    compare("T = 1000", got, &numbers(&long["sqrt_eta"]), 1e-12);
    for entry in golden["respacing"].as_array().unwrap() {
        let steps = entry["steps"].as_u64().unwrap() as usize;
        let schedule = Schedule::new(ScheduleConfig::new(steps, 0.3, 2.0)).unwrap();
        let kept: Vec<f64> = numbers(&entry["kept"]);
        let short = entry["timestep_respacing"].as_u64().unwrap() as usize;
        let got: Vec<f64> = schedule.respace_released(short).unwrap().iter().map(|&i| i as f64).collect();
        assert_eq!(got, kept);
        let ours = schedule.respace(short).unwrap();
        assert_eq!((ours.len(), *ours.last().unwrap()), (short, steps - 1), "our chain starts from x_T");
    }
}

/// Eq. 1 composed with itself gives Eq. 2, and Eq. 6 is Bayes' rule on Eq. 1 and 2: on a grid of values, to 1e-9
/// (sums of logarithms of magnitude 10 in f64).
#[test]
fn equations_agree_with_each_other() {
    for (steps, p, kappa) in [(15, 0.3, 2.0), (4, 0.3, 2.0), (10, 1.0, 0.5)] {
        let s = Schedule::new(ScheduleConfig::new(steps, p, kappa)).unwrap();
        let (x0, y0) = (0.3, -0.8);
        let (mut mean, mut variance) = (x0, 0.0);
        for t in 0..steps {
            let step = transition(&s, t);
            mean = step.a * mean + step.b * (y0 - x0);
            variance += step.std.powi(2);
            let whole = marginal(&s, t);
            assert!((mean - (whole.a * x0 + whole.b * y0)).abs() < 1e-12);
            assert!((variance - whole.std.powi(2)).abs() < 1e-12);
        }
        let log_normal = |x: f64, mean: f64, std: f64| -0.5 * ((x - mean) / std).powi(2) - std.ln();
        for t in 1..steps {
            let (q, before, now, step) =
                (posterior(&s, t, Some(t - 1)), marginal(&s, t - 1), marginal(&s, t), transition(&s, t));
            for x in [-1.0, 0.1, 0.9] {
                for previous in [-0.7, 0.0, 1.2] {
                    let forward = log_normal(x, previous + step.b * (y0 - x0), step.std);
                    let bayes = forward + log_normal(previous, before.a * x0 + before.b * y0, before.std)
                        - log_normal(x, now.a * x0 + now.b * y0, now.std);
                    let got = log_normal(previous, q.a * x + q.b * x0, q.std);
                    assert!((got - bayes).abs() < 1e-9 * bayes.abs().max(1.0), "t = {t}: {got} {bayes}");
                }
            }
        }
        assert_eq!(prior(&s).std, marginal(&s, steps - 1).std);
        // Without noise the deterministic step keeps a point of Eq. 2's mean on Eq. 2's mean.
        for t in 1..steps {
            let [a, b, c] = deterministic(&s, t, Some(t - 1));
            let (now, before) = (marginal(&s, t), marginal(&s, t - 1));
            let x = now.a * x0 + now.b * y0 + now.std * 0.5;
            let got = a * x + b * x0 + c * y0;
            assert!((got - (before.a * x0 + before.b * y0 + before.std * 0.5)).abs() < 1e-12);
        }
    }
}

#[test]
fn one_step_and_bad_parameters() {
    let one = Schedule::new(ScheduleConfig::new(1, 0.3, 2.0)).unwrap();
    assert_eq!(one.sqrt_eta, [0.99]);
    for (steps, p, kappa) in [(0, 0.3, 2.0), (15, 0.0, 2.0), (15, 0.3, -1.0), (15, f64::NAN, 2.0), (5000, 0.3, 2.0)] {
        assert_eq!(Schedule::new(ScheduleConfig::new(steps, p, kappa)).unwrap_err().code(), "bad-option");
    }
    let mut config = ScheduleConfig::new(15, 0.3, 2.0);
    config.sqrt_eta_end = 0.01;
    assert!(Schedule::new(config).is_err());
    assert!(one.respace(0).is_err() && one.respace(2).is_err());
}
