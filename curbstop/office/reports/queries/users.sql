/*
title: Users and rights
group: Audit
says: Who works here with which roles, and when each was here last.
asks: []
columns:
  - {name: login, says: Sign-in name}
  - {name: name, says: Name}
  - {name: roles, says: Roles}
  - {name: active, says: Active}
  - {name: joined, says: Since, as: at}
  - {name: last, says: Last sign-in, as: at}
  - {name: acts, says: Acts, as: whole}
  - {name: denied, says: Denied, as: whole}
*/
select u.username, trim(u.first_name || ' ' || u.last_name), array_to_string(u.roles, ', '), case when u.is_active then 'yes' else 'no' end, u.date_joined, u.last_login,
  (select count(*) from base_event e where e.by_id = u.id and not e.denied), (select count(*) from base_event e where e.by_id = u.id and e.denied)
from base_user u order by 4 desc, 1
